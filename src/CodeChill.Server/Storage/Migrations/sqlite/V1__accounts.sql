CREATE TABLE users (
  id                  TEXT    NOT NULL PRIMARY KEY,
  email               TEXT    NULL,
  name                TEXT    NOT NULL,
  picture             TEXT    NULL,
  -- The address a password account signs in with. Kept apart from email: a provider's users may share an address with it and are never linked by it.
  login_email         TEXT    NULL,
  password_hash       TEXT    NULL,
  identity_issuer     TEXT    NULL,
  identity_subject    TEXT    NULL,
  is_guest            INTEGER NOT NULL DEFAULT 0,
  is_active           INTEGER NOT NULL DEFAULT 1,
  is_verified         INTEGER NOT NULL DEFAULT 0,
  github_username     TEXT    NULL,
  leetcode_username   TEXT    NULL,
  codeforces_username TEXT    NULL,
  github_stats        TEXT    NULL,
  leetcode_stats      TEXT    NULL,
  codeforces_stats    TEXT    NULL,
  stats_updated_at    INTEGER NULL,
  created_at          INTEGER NOT NULL,
  updated_at          INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_login ON users (login_email);
CREATE UNIQUE INDEX users_identity ON users (identity_issuer, identity_subject);

CREATE TABLE sessions (
  id            TEXT    NOT NULL PRIMARY KEY,
  user_id       TEXT    NOT NULL REFERENCES users (id),
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  revoked_at    INTEGER NULL,
  -- Fingerprint of the provider's token that opened it: logging out with that token ends this session too.
  opened_by     TEXT    NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_opened_by ON sessions (opened_by);

-- One row a refresh token ever given out, so that a token used twice is noticed and ends its session.
CREATE TABLE refresh_tokens (
  token_hash  TEXT    NOT NULL PRIMARY KEY,
  session_id  TEXT    NOT NULL REFERENCES sessions (id),
  created_at  INTEGER NOT NULL,
  used_at     INTEGER NULL
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- Single tokens of the identity provider that were logged out before they expired, by fingerprint. A row goes when its token has expired.
CREATE TABLE ended_tokens (
  fingerprint TEXT    NOT NULL PRIMARY KEY,
  user_id     TEXT    NOT NULL,
  ended_at    INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL
);
