-- How often all workers together ask a host, and who is about it (core/fetch/host_turns.h). Nothing in
-- it counts after keep_until.
CREATE TABLE host_turns (
  host TEXT NOT NULL PRIMARY KEY CHECK (length(host) > 0),
  state TEXT NOT NULL CHECK (json_valid(state)),
  keep_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX host_turns_by_end ON host_turns (keep_until);
