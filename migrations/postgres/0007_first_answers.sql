-- What was answered to the first request under each Idempotency-Key, for a day: a repeat, at
-- whichever server, is told the same, and nothing is done twice.
CREATE TABLE waybill.first_answers (
  owner bytea PRIMARY KEY CHECK (octet_length(owner) > 0),
  kept_at bigint NOT NULL,
  status smallint NOT NULL CHECK (status BETWEEN 200 AND 599),
  fingerprint bytea NOT NULL,
  headers bytea NOT NULL,
  body bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX first_answers_by_age ON waybill.first_answers (kept_at);
