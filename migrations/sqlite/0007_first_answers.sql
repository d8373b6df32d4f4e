-- What was answered to the first request under each Idempotency-Key, for a day: a repeat after a
-- restart is told the same, and nothing is done twice.
CREATE TABLE first_answers (
  owner TEXT PRIMARY KEY CHECK (length(owner) > 0),
  fingerprint BLOB NOT NULL,
  status INTEGER NOT NULL CHECK (status BETWEEN 200 AND 599),
  headers TEXT NOT NULL,
  body BLOB NOT NULL,
  kept_at INTEGER NOT NULL
) STRICT;
CREATE INDEX first_answers_by_age ON first_answers (kept_at);
