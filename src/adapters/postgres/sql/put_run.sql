INSERT INTO waybill.runs
  (id, pipeline, plan, params, priority, reuse_from, anew, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, nullif($6, '00000000-0000-0000-0000-000000000000'::uuid), $7, $8,
  $9)
ON CONFLICT (id) DO NOTHING
