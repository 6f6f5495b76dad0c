-- The node that answers for a run: it closes the record, or those do who see that the node is gone.
ALTER TABLE executions ADD COLUMN node_id TEXT NULL;

CREATE TABLE execution_nodes (
  id   TEXT    NOT NULL PRIMARY KEY,
  beat INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE test_cases (
  id              TEXT    NOT NULL PRIMARY KEY,
  room_id         TEXT    NOT NULL REFERENCES rooms (id),
  name            TEXT    NOT NULL,
  input           TEXT    NOT NULL,
  expected_output TEXT    NOT NULL,
  is_hidden       INTEGER NOT NULL DEFAULT 0,
  time_limit      REAL    NULL,
  memory_limit    INTEGER NULL,
  position        INTEGER NOT NULL,
  created_by      TEXT    NOT NULL REFERENCES users (id),
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL
);
CREATE INDEX test_cases_room ON test_cases (room_id, position);

CREATE TABLE case_runs (
  seq            INTEGER PRIMARY KEY AUTOINCREMENT,
  id             TEXT    NOT NULL UNIQUE,
  room_id        TEXT    NOT NULL REFERENCES rooms (id),
  user_id        TEXT    NOT NULL REFERENCES users (id),
  language       TEXT    NOT NULL,
  source_code    TEXT    NOT NULL,
  status         TEXT    NOT NULL,
  verdict        TEXT    NULL,
  passed         INTEGER NOT NULL DEFAULT 0,
  total          INTEGER NOT NULL,
  compile_output TEXT    NULL,
  node_id        TEXT    NOT NULL,
  created_at     INTEGER NOT NULL,
  completed_at   INTEGER NULL
);
CREATE INDEX case_runs_room ON case_runs (room_id, seq);
CREATE INDEX case_runs_open ON case_runs (status) WHERE status = 'running';

-- What came of each case, as it was then: the case may be changed or deleted later.
CREATE TABLE case_results (
  run_id         TEXT    NOT NULL,
  position       INTEGER NOT NULL,
  case_id        TEXT    NOT NULL,
  name           TEXT    NOT NULL,
  is_hidden      INTEGER NOT NULL,
  verdict        TEXT    NOT NULL,
  execution_time REAL    NULL,
  memory_usage   INTEGER NULL,
  output         TEXT    NULL,
  error_output   TEXT    NULL,
  diff           TEXT    NULL,
  PRIMARY KEY (run_id, position)
) WITHOUT ROWID;
