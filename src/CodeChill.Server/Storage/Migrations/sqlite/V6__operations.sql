-- Stands in for the author of what outlives an account: nobody can sign in as it.
INSERT INTO users (id, name, is_guest, is_active, is_verified, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000000', 'Deleted user', 0, 0, 0, 0, 0);

-- For housekeeping (by age) and for exports and purges (by user).
CREATE INDEX users_left ON users (is_active, updated_at);
CREATE INDEX rooms_left ON rooms (is_active, updated_at);
CREATE INDEX messages_age ON messages (created_at);
CREATE INDEX messages_user ON messages (user_id, seq);
CREATE INDEX executions_age ON executions (created_at);
CREATE INDEX executions_user ON executions (user_id, seq);
