-- How the last look at each platform went (JSON by platform: handle, outcome, when, error), beside the numbers it brought.
ALTER TABLE users ADD COLUMN stats_status TEXT NULL;
-- When the numbers are looked at again; null without handles.
ALTER TABLE users ADD COLUMN stats_due_at INTEGER NULL;
CREATE INDEX users_stats_due ON users (stats_due_at);
UPDATE users SET stats_due_at = 0
  WHERE is_active = 1 AND (github_username IS NOT NULL OR leetcode_username IS NOT NULL OR codeforces_username IS NOT NULL);
