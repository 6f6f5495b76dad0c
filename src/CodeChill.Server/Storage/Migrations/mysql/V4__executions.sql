-- The node that answers for a run: it closes the record, or those do who see that the node is gone.
ALTER TABLE executions ADD COLUMN node_id CHAR(36) NULL;

CREATE TABLE execution_nodes (
  id   CHAR(36) NOT NULL PRIMARY KEY,
  beat BIGINT   NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE test_cases (
  id              CHAR(36)     NOT NULL PRIMARY KEY,
  room_id         CHAR(36)     NOT NULL,
  name            VARCHAR(100) NOT NULL,
  input           LONGTEXT     NOT NULL,
  expected_output LONGTEXT     NOT NULL,
  is_hidden       TINYINT(1)   NOT NULL DEFAULT 0,
  time_limit      DOUBLE       NULL,
  memory_limit    BIGINT       NULL,
  position        INT          NOT NULL,
  created_by      CHAR(36)     NOT NULL,
  created_at      BIGINT       NOT NULL,
  updated_at      BIGINT       NOT NULL,
  KEY test_cases_room (room_id, position),
  CONSTRAINT test_cases_room_fk FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT test_cases_user_fk FOREIGN KEY (created_by) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE case_runs (
  seq            BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id             CHAR(36)    NOT NULL UNIQUE,
  room_id        CHAR(36)    NOT NULL,
  user_id        CHAR(36)    NOT NULL,
  language       VARCHAR(32) NOT NULL,
  source_code    LONGTEXT    NOT NULL,
  status         VARCHAR(16) NOT NULL,
  verdict        VARCHAR(32) NULL,
  passed         INT         NOT NULL DEFAULT 0,
  total          INT         NOT NULL,
  compile_output LONGTEXT    NULL,
  node_id        CHAR(36)    NOT NULL,
  created_at     BIGINT      NOT NULL,
  completed_at   BIGINT      NULL,
  KEY case_runs_room (room_id, seq),
  KEY case_runs_open (status),
  CONSTRAINT case_runs_room_fk FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT case_runs_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What came of each case, as it was then: the case may be changed or deleted later.
CREATE TABLE case_results (
  run_id         CHAR(36)     NOT NULL,
  position       INT          NOT NULL,
  case_id        CHAR(36)     NOT NULL,
  name           VARCHAR(100) NOT NULL,
  is_hidden      TINYINT(1)   NOT NULL,
  verdict        VARCHAR(32)  NOT NULL,
  execution_time DOUBLE       NULL,
  memory_usage   BIGINT       NULL,
  output         LONGTEXT     NULL,
  error_output   LONGTEXT     NULL,
  diff           LONGTEXT     NULL,
  PRIMARY KEY (run_id, position)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
