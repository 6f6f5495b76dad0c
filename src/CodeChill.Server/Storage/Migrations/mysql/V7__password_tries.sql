-- Wrong passwords of rooms within the last day. In the database, because a room that is loaded again must not forgive them.
CREATE TABLE password_tries (
  room_id  CHAR(36) NOT NULL,
  user_id  CHAR(36) NOT NULL,
  tried_at BIGINT   NOT NULL,
  KEY password_tries_room (room_id, tried_at),
  CONSTRAINT password_tries_room_fk FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT password_tries_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- utf8mb4_bin pads with blanks: "x" and "x " were one identity. The collation that does not has another name on MariaDB than on MySQL.
SET @exact = IF(VERSION() LIKE '%MariaDB%', 'utf8mb4_nopad_bin', 'utf8mb4_0900_bin');
SET @change = CONCAT(
  'ALTER TABLE users MODIFY identity_issuer VARCHAR(255) CHARACTER SET utf8mb4 COLLATE ', @exact, ' NULL, ',
  'MODIFY identity_subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE ', @exact, ' NULL');
PREPARE change_identity FROM @change;
EXECUTE change_identity;
DEALLOCATE PREPARE change_identity;
