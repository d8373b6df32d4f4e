-- Who changed what, or wanted to, and what came of it: never parameters or secrets.
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  origin TEXT NOT NULL,           -- the address; empty: the command line
  operation TEXT NOT NULL,
  subject TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  -- 0 done, 1 refused, 2 failed
  outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 2),
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX audit_times ON audit (at);
