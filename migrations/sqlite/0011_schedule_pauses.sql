-- That a person keeps a schedule from firing, whatever its definition says; 0: nobody does.
ALTER TABLE schedules ADD COLUMN pause_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE schedules ADD COLUMN pause_by TEXT NOT NULL DEFAULT '';
ALTER TABLE schedules ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';
