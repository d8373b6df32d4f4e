-- Answers what is kept then. The update changes nothing: it has the first one returned, whoever put
-- it, in the same moment.
INSERT INTO waybill.first_answers (owner, fingerprint, status, headers, body, kept_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (owner) DO UPDATE SET owner = excluded.owner
RETURNING owner, fingerprint, status, headers, body, kept_at
