-- What left the log: records merged per burst of typing. seq and version are the last record's; first_seq..seq is what was merged.
CREATE TABLE room_history (
  room_id     CHAR(36)    NOT NULL,
  seq         BIGINT      NOT NULL,
  first_seq   BIGINT      NOT NULL,
  version     BIGINT      NOT NULL,
  user_id     CHAR(36)    NULL,
  client_kind VARCHAR(16) NOT NULL,
  first_at    BIGINT      NOT NULL,
  created_at  BIGINT      NOT NULL,
  crc         BIGINT      NOT NULL,
  payload     LONGBLOB    NOT NULL,
  PRIMARY KEY (room_id, seq),
  KEY room_history_version (room_id, version)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Where reading history may start: the document and who typed what, as of seq.
CREATE TABLE room_checkpoints (
  room_id    CHAR(36) NOT NULL,
  seq        BIGINT   NOT NULL,
  version    BIGINT   NOT NULL,
  created_at BIGINT   NOT NULL,
  crc        BIGINT   NOT NULL,
  state      LONGBLOB NOT NULL,
  PRIMARY KEY (room_id, seq)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What a repair took out of a damaged room's way. Nothing reads it but people.
CREATE TABLE room_set_aside (
  room_id      CHAR(36)     NOT NULL,
  set_aside_at BIGINT       NOT NULL,
  source       VARCHAR(32)  NOT NULL,
  seq          BIGINT       NOT NULL,
  version      BIGINT       NOT NULL,
  user_id      CHAR(36)     NULL,
  client_kind  VARCHAR(16)  NULL,
  operation_id VARCHAR(128) NULL,
  created_at   BIGINT       NOT NULL,
  crc          BIGINT       NOT NULL,
  payload      LONGBLOB     NOT NULL,
  PRIMARY KEY (room_id, set_aside_at, source, seq)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
