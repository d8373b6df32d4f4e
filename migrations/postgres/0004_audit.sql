-- Who changed what, or wanted to, and what came of it: never parameters or secrets.
CREATE TABLE waybill.audit (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  count bigint NOT NULL CHECK (count >= 0),
  -- 0 done, 1 refused, 2 failed
  outcome smallint NOT NULL CHECK (outcome BETWEEN 0 AND 2),
  who text COLLATE "C" NOT NULL,
  origin text COLLATE "C" NOT NULL,  -- the address; empty: the command line
  operation text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  reason text COLLATE "C" NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX audit_times ON waybill.audit (at);
