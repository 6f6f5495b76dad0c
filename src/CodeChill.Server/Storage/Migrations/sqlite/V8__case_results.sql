-- A room's purge finds everything by its room.
ALTER TABLE case_results ADD COLUMN room_id TEXT NULL;
UPDATE case_results SET room_id = (SELECT room_id FROM case_runs WHERE case_runs.id = case_results.run_id);
CREATE INDEX case_results_room ON case_results (room_id);
