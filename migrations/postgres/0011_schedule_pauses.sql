-- That a person keeps a schedule from firing, whatever its definition says; 0: nobody does.
ALTER TABLE waybill.schedules
  ADD COLUMN pause_at bigint NOT NULL DEFAULT 0,
  ADD COLUMN pause_by text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN pause_reason text COLLATE "C" NOT NULL DEFAULT '';
