CREATE TABLE users (
  id                  CHAR(36)     NOT NULL PRIMARY KEY,
  email               VARCHAR(320) NULL,
  name                VARCHAR(255) NOT NULL,
  picture             TEXT         NULL,
  -- The address a password account signs in with. Kept apart from email: a provider's users may share an address with it and are never linked by it.
  login_email         VARCHAR(320) NULL,
  password_hash       VARCHAR(255) NULL,
  identity_issuer     VARCHAR(255) NULL,
  identity_subject    VARCHAR(255) NULL,
  is_guest            TINYINT(1)   NOT NULL DEFAULT 0,
  is_active           TINYINT(1)   NOT NULL DEFAULT 1,
  is_verified         TINYINT(1)   NOT NULL DEFAULT 0,
  github_username     VARCHAR(100) NULL,
  leetcode_username   VARCHAR(100) NULL,
  codeforces_username VARCHAR(100) NULL,
  github_stats        LONGTEXT     NULL,
  leetcode_stats      LONGTEXT     NULL,
  codeforces_stats    LONGTEXT     NULL,
  stats_updated_at    BIGINT       NULL,
  created_at          BIGINT       NOT NULL,
  updated_at          BIGINT       NOT NULL,
  UNIQUE KEY users_login (login_email),
  UNIQUE KEY users_identity (identity_issuer, identity_subject)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sessions (
  id            CHAR(36) NOT NULL PRIMARY KEY,
  user_id       CHAR(36) NOT NULL,
  created_at    BIGINT   NOT NULL,
  expires_at    BIGINT   NOT NULL,
  revoked_at    BIGINT   NULL,
  -- Fingerprint of the provider's token that opened it: logging out with that token ends this session too.
  opened_by     VARCHAR(64) NULL,
  KEY sessions_user (user_id),
  KEY sessions_opened_by (opened_by),
  CONSTRAINT sessions_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row a refresh token ever given out, so that a token used twice is noticed and ends its session.
CREATE TABLE refresh_tokens (
  token_hash  VARCHAR(64) NOT NULL PRIMARY KEY,
  session_id  CHAR(36)    NOT NULL,
  created_at  BIGINT      NOT NULL,
  used_at     BIGINT      NULL,
  KEY refresh_tokens_session (session_id),
  CONSTRAINT refresh_tokens_session_fk FOREIGN KEY (session_id) REFERENCES sessions (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Single tokens of the identity provider that were logged out before they expired, by fingerprint. A row goes when its token has expired.
CREATE TABLE ended_tokens (
  fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
  user_id     CHAR(36)    NOT NULL,
  ended_at    BIGINT      NOT NULL,
  expires_at  BIGINT      NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
