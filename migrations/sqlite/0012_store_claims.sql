-- Which ledger this is, as it says to the store that holds the contents of its artifacts, and how
-- often it has begun to collect there. A copy of the ledger has the same id, and falls behind.
CREATE TABLE store_claims (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  ledger BLOB NOT NULL CHECK (length(ledger) = 16),
  round INTEGER NOT NULL CHECK (round >= 0)
) STRICT;
INSERT INTO store_claims (one, ledger, round) VALUES (1, randomblob(16), 0);
