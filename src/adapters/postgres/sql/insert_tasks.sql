WITH fresh AS (
  INSERT INTO waybill.ids (id) SELECT id FROM unnest($1) AS given (id)
  ON CONFLICT (id) DO NOTHING
  RETURNING id, handle
)
INSERT INTO waybill.tasks (handle, id, lane, priority, state, waiting_for, run_at, rank, dedup_key,
  dedup_scope, detail, history, created_at, definition, created_by, spec, params, rest, revision,
  fence)
SELECT fresh.handle, fresh.id, lane, priority, state, waiting_for, run_at, rank, dedup_key,
  dedup_scope, detail, history, created_at, definition, created_by, spec, params, rest, 0, 0
FROM fresh
JOIN unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
  AS given (id, lane, priority, state, waiting_for, run_at, rank, dedup_key, dedup_scope, detail,
    history, created_at, definition, created_by, spec, params, rest) ON given.id = fresh.id
RETURNING id
