-- Wrong passwords of rooms within the last day. In the database, because a room that is loaded again must not forgive them.
CREATE TABLE password_tries (
  room_id  TEXT    NOT NULL REFERENCES rooms (id),
  user_id  TEXT    NOT NULL REFERENCES users (id),
  tried_at INTEGER NOT NULL
);
CREATE INDEX password_tries_room ON password_tries (room_id, tried_at);
