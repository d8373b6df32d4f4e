-- Which ledger this is, as it says to the store that holds the contents of its artifacts, and how
-- often it has begun to collect there. A copy of the ledger has the same id, and falls behind.
CREATE TABLE waybill.store_claims (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  ledger uuid NOT NULL,
  round bigint NOT NULL CHECK (round >= 0)
);
INSERT INTO waybill.store_claims (ledger, round) VALUES (gen_random_uuid(), 0);
