-- Whether there is such a person, and whether the session was put.
WITH owner AS (
  SELECT name FROM waybill.people WHERE name = $3
), put AS (
  INSERT INTO waybill.sessions (id, hash, person, created_at, seen_at, ends_at, revoked_at,
    seen_from)
  SELECT $1, $2, name, $4, $5, $6, $7, $8 FROM owner
  ON CONFLICT DO NOTHING
  RETURNING id
)
SELECT EXISTS (SELECT FROM owner), EXISTS (SELECT FROM put)
