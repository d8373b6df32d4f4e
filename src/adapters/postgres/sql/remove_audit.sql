-- Those that another server is removing are passed over.
WITH oldest AS MATERIALIZED (
  SELECT sequence FROM waybill.audit WHERE at < $1
  ORDER BY at, sequence LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM waybill.audit USING oldest WHERE audit.sequence = oldest.sequence
