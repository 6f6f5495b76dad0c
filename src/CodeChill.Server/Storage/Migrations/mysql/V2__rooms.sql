CREATE TABLE rooms (
  id               CHAR(36)     NOT NULL PRIMARY KEY,
  name             VARCHAR(100) NOT NULL,
  description      VARCHAR(500) NULL,
  is_private       TINYINT(1)   NOT NULL DEFAULT 0,
  password_hash    VARCHAR(255) NULL,
  max_participants INT          NOT NULL,
  language         VARCHAR(32)  NOT NULL,
  is_active        TINYINT(1)   NOT NULL DEFAULT 1,
  created_by       CHAR(36)     NOT NULL,
  created_at       BIGINT       NOT NULL,
  updated_at       BIGINT       NOT NULL,
  last_activity    BIGINT       NOT NULL,
  -- These follow the document: seq and version with every commit of the log, the text when typing pauses.
  content_seq      BIGINT       NOT NULL DEFAULT 0,
  content_version  BIGINT       NOT NULL DEFAULT 0,
  -- content_seq when the room was last closed in good order; NULL while it is open. After a crash versions were perhaps given out that nobody
  -- will ever commit, up to version_limit: they are skipped, so that no version ever means two texts.
  closed_seq       BIGINT       NULL,
  version_limit    BIGINT       NOT NULL DEFAULT 0,
  current_content  LONGTEXT     NOT NULL,
  KEY rooms_public (is_active, is_private, last_activity),
  KEY rooms_owner (created_by, is_active),
  CONSTRAINT rooms_owner_fk FOREIGN KEY (created_by) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE participants (
  id             CHAR(36)    NOT NULL PRIMARY KEY,
  room_id        CHAR(36)    NOT NULL,
  user_id        CHAR(36)    NOT NULL,
  role           VARCHAR(16) NOT NULL,
  is_active      TINYINT(1)  NOT NULL DEFAULT 1,
  cursor_line    INT         NULL,
  cursor_column  INT         NULL,
  selection_data TEXT        NULL,
  joined_at      BIGINT      NOT NULL,
  last_seen      BIGINT      NOT NULL,
  UNIQUE KEY participants_member (room_id, user_id),
  KEY participants_user (user_id, is_active),
  CONSTRAINT participants_room_fk FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT participants_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The log of a room's document. (room_id, seq) is the fence: two owners of one room cannot both append.
CREATE TABLE room_updates (
  room_id      CHAR(36)    NOT NULL,
  seq          BIGINT      NOT NULL,
  version      BIGINT      NOT NULL,
  user_id      CHAR(36)    NULL,
  client_kind  VARCHAR(16) NOT NULL,
  operation_id VARCHAR(128) NULL,
  created_at   BIGINT      NOT NULL,
  crc          BIGINT      NOT NULL,
  payload      LONGBLOB    NOT NULL,
  PRIMARY KEY (room_id, seq)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE room_snapshots (
  room_id    CHAR(36) NOT NULL,
  seq        BIGINT   NOT NULL,
  version    BIGINT   NOT NULL,
  created_at BIGINT   NOT NULL,
  crc        BIGINT   NOT NULL,
  state      LONGBLOB NOT NULL,
  PRIMARY KEY (room_id, seq)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE messages (
  seq          BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id           CHAR(36)    NOT NULL UNIQUE,
  room_id      CHAR(36)    NOT NULL,
  user_id      CHAR(36)    NOT NULL,
  content      TEXT        NOT NULL,
  message_type VARCHAR(16) NOT NULL,
  is_edited    TINYINT(1)  NOT NULL DEFAULT 0,
  is_deleted   TINYINT(1)  NOT NULL DEFAULT 0,
  reply_to     CHAR(36)    NULL,
  created_at   BIGINT      NOT NULL,
  edited_at    BIGINT      NULL,
  KEY messages_room (room_id, seq),
  CONSTRAINT messages_room_fk FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT messages_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE executions (
  seq            BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id             CHAR(36)    NOT NULL UNIQUE,
  room_id        CHAR(36)    NOT NULL,
  user_id        CHAR(36)    NOT NULL,
  language       VARCHAR(32) NOT NULL,
  source_code    LONGTEXT    NOT NULL,
  input_data     LONGTEXT    NULL,
  output         LONGTEXT    NULL,
  error_output   LONGTEXT    NULL,
  compile_output LONGTEXT    NULL,
  exit_code      INT         NULL,
  execution_time DOUBLE      NULL,
  memory_usage   BIGINT      NULL,
  status         VARCHAR(16) NOT NULL,
  verdict        VARCHAR(32) NULL,
  created_at     BIGINT      NOT NULL,
  started_at     BIGINT      NULL,
  completed_at   BIGINT      NULL,
  KEY executions_room (room_id, seq),
  KEY executions_open (status),
  CONSTRAINT executions_room_fk FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT executions_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
