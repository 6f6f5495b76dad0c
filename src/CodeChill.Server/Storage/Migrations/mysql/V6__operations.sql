-- Stands in for the author of what outlives an account: nobody can sign in as it.
INSERT INTO users (id, name, is_guest, is_active, is_verified, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000000', 'Deleted user', 0, 0, 0, 0, 0);

-- For housekeeping (by age) and for exports and purges (by user).
ALTER TABLE users ADD INDEX users_left (is_active, updated_at);
ALTER TABLE rooms ADD INDEX rooms_left (is_active, updated_at);
ALTER TABLE messages ADD INDEX messages_age (created_at);
ALTER TABLE messages ADD INDEX messages_user (user_id, seq);
ALTER TABLE executions ADD INDEX executions_age (created_at);
ALTER TABLE executions ADD INDEX executions_user (user_id, seq);
