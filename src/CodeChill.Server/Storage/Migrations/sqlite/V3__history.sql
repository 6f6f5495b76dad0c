-- What left the log: records merged per burst of typing. seq and version are the last record's; first_seq..seq is what was merged.
CREATE TABLE room_history (
  room_id     TEXT    NOT NULL,
  seq         INTEGER NOT NULL,
  first_seq   INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  user_id     TEXT    NULL,
  client_kind TEXT    NOT NULL,
  first_at    INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  crc         INTEGER NOT NULL,
  payload     BLOB    NOT NULL,
  PRIMARY KEY (room_id, seq)
) WITHOUT ROWID;
CREATE INDEX room_history_version ON room_history (room_id, version);

-- Where reading history may start: the document and who typed what, as of seq.
CREATE TABLE room_checkpoints (
  room_id    TEXT    NOT NULL,
  seq        INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  crc        INTEGER NOT NULL,
  state      BLOB    NOT NULL,
  PRIMARY KEY (room_id, seq)
);

-- What a repair took out of a damaged room's way. Nothing reads it but people.
CREATE TABLE room_set_aside (
  room_id      TEXT    NOT NULL,
  set_aside_at INTEGER NOT NULL,
  source       TEXT    NOT NULL,
  seq          INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  user_id      TEXT    NULL,
  client_kind  TEXT    NULL,
  operation_id TEXT    NULL,
  created_at   INTEGER NOT NULL,
  crc          INTEGER NOT NULL,
  payload      BLOB    NOT NULL,
  PRIMARY KEY (room_id, set_aside_at, source, seq)
);
