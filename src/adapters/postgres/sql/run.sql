SELECT number, id, pipeline, plan, priority, reuse_from, anew, created_by, created_at, state,
  started_at, coalesce(ended_at, 0), error, next_at, stop, stop_by, stop_reason, asked, params,
  outputs
FROM waybill.runs WHERE id = $1
