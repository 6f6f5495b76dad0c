CREATE TABLE rooms (
  id               TEXT    NOT NULL PRIMARY KEY,
  name             TEXT    NOT NULL,
  description      TEXT    NULL,
  is_private       INTEGER NOT NULL DEFAULT 0,
  password_hash    TEXT    NULL,
  max_participants INTEGER NOT NULL,
  language         TEXT    NOT NULL,
  is_active        INTEGER NOT NULL DEFAULT 1,
  created_by       TEXT    NOT NULL REFERENCES users (id),
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  last_activity    INTEGER NOT NULL,
  -- These follow the document: seq and version with every commit of the log, the text when typing pauses.
  content_seq      INTEGER NOT NULL DEFAULT 0,
  content_version  INTEGER NOT NULL DEFAULT 0,
  -- content_seq when the room was last closed in good order; NULL while it is open. After a crash versions were perhaps given out that nobody
  -- will ever commit, up to version_limit: they are skipped, so that no version ever means two texts.
  closed_seq       INTEGER NULL,
  version_limit    INTEGER NOT NULL DEFAULT 0,
  current_content  TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX rooms_public ON rooms (is_active, is_private, last_activity);
CREATE INDEX rooms_owner ON rooms (created_by, is_active);

CREATE TABLE participants (
  id             TEXT    NOT NULL PRIMARY KEY,
  room_id        TEXT    NOT NULL REFERENCES rooms (id),
  user_id        TEXT    NOT NULL REFERENCES users (id),
  role           TEXT    NOT NULL,
  is_active      INTEGER NOT NULL DEFAULT 1,
  cursor_line    INTEGER NULL,
  cursor_column  INTEGER NULL,
  selection_data TEXT    NULL,
  joined_at      INTEGER NOT NULL,
  last_seen      INTEGER NOT NULL
);
CREATE UNIQUE INDEX participants_member ON participants (room_id, user_id);
CREATE INDEX participants_user ON participants (user_id, is_active);

-- The log of a room's document. (room_id, seq) is the fence: two owners of one room cannot both append.
CREATE TABLE room_updates (
  room_id      TEXT    NOT NULL,
  seq          INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  user_id      TEXT    NULL,
  client_kind  TEXT    NOT NULL,
  operation_id TEXT    NULL,
  created_at   INTEGER NOT NULL,
  crc          INTEGER NOT NULL,
  payload      BLOB    NOT NULL,
  PRIMARY KEY (room_id, seq)
) WITHOUT ROWID;

CREATE TABLE room_snapshots (
  room_id    TEXT    NOT NULL,
  seq        INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  crc        INTEGER NOT NULL,
  state      BLOB    NOT NULL,
  PRIMARY KEY (room_id, seq)
);

CREATE TABLE messages (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT    NOT NULL UNIQUE,
  room_id      TEXT    NOT NULL REFERENCES rooms (id),
  user_id      TEXT    NOT NULL REFERENCES users (id),
  content      TEXT    NOT NULL,
  message_type TEXT    NOT NULL,
  is_edited    INTEGER NOT NULL DEFAULT 0,
  is_deleted   INTEGER NOT NULL DEFAULT 0,
  reply_to     TEXT    NULL,
  created_at   INTEGER NOT NULL,
  edited_at    INTEGER NULL
);
CREATE INDEX messages_room ON messages (room_id, seq);

CREATE TABLE executions (
  seq            INTEGER PRIMARY KEY AUTOINCREMENT,
  id             TEXT    NOT NULL UNIQUE,
  room_id        TEXT    NOT NULL REFERENCES rooms (id),
  user_id        TEXT    NOT NULL REFERENCES users (id),
  language       TEXT    NOT NULL,
  source_code    TEXT    NOT NULL,
  input_data     TEXT    NULL,
  output         TEXT    NULL,
  error_output   TEXT    NULL,
  compile_output TEXT    NULL,
  exit_code      INTEGER NULL,
  execution_time REAL    NULL,
  memory_usage   INTEGER NULL,
  status         TEXT    NOT NULL,
  verdict        TEXT    NULL,
  created_at     INTEGER NOT NULL,
  started_at     INTEGER NULL,
  completed_at   INTEGER NULL
);
CREATE INDEX executions_room ON executions (room_id, seq);
CREATE INDEX executions_open ON executions (status) WHERE status IN ('pending', 'running');
