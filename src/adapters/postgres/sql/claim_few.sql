-- As claim_ready, of few.
SELECT handle, id, lane, priority, state, revision, fence, waiting_for, run_at, lease_until,
       finished_at, dedup_key, dedup_scope, detail, created_at, definition, created_by, spec,
       params, rest, below
FROM waybill.claim_few($1, $2, $3, $4, $5)
