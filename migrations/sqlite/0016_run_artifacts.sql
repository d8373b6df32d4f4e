-- The files that a node left, where its run shows them to later steps: JSON; empty: not known. And
-- what its params and spec take of the limits of its run: 0 for those begun before.
ALTER TABLE run_nodes ADD COLUMN artifacts TEXT NOT NULL DEFAULT '';
ALTER TABLE run_nodes ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0);
