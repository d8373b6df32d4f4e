-- Those that another server is removing are passed over.
WITH oldest AS MATERIALIZED (
  SELECT owner FROM waybill.first_answers WHERE kept_at < $1
  ORDER BY kept_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM waybill.first_answers USING oldest WHERE first_answers.owner = oldest.owner
