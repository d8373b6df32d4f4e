-- How often all workers together ask a host, and who is about it (core/fetch/host_turns.h). Nothing in
-- it counts after keep_until.
CREATE TABLE waybill.host_turns (
  host text COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(host) > 0),
  state text COLLATE "C" NOT NULL,
  keep_until bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX host_turns_by_end ON waybill.host_turns (keep_until);
