-- Statements about few tasks, which take longer to plan than to run: as functions, whose plans each
-- session of the server keeps, also behind a pooler (docs/adr/0051). The settings hold a plan to the
-- indexes that fit however many tasks there are when it is made. With the rights of whoever calls.

-- As the statement claim_ready.
CREATE FUNCTION waybill.claim_few(queues text[], kinds text[], limited boolean, at_most bigint,
  from_start boolean)
RETURNS TABLE (handle bigint, id uuid, lane bigint, priority smallint, state smallint,
  revision integer, fence bigint, waiting_for integer, run_at bigint, lease_until bigint,
  finished_at bigint, dedup_key bytea, dedup_scope smallint, detail bytea, created_at bigint,
  definition text, created_by text, spec text, params text, rest bytea, below boolean)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT t.handle, t.id, t.lane, t.priority, t.state, t.revision, t.fence, t.waiting_for, t.run_at,
         t.lease_until, NULL::bigint, t.dedup_key, t.dedup_scope, t.detail, t.created_at,
         t.definition, t.created_by, t.spec, t.params, t.rest,
         coalesce((t.rank, t.handle) < (f.rank, f.handle), false)
  FROM waybill.lanes AS l
  LEFT JOIN waybill.queues AS q ON q.name = l.queue
  LEFT JOIN LATERAL (
    SELECT w.rank, w.handle FROM waybill.floors AS w WHERE w.lane = l.lane LIMIT 1
  ) AS f ON true
  CROSS JOIN LATERAL (
    SELECT * FROM waybill.tasks AS r
    WHERE r.lane = l.lane AND r.state = 2
      AND (r.rank, r.handle) >= (
        CASE WHEN from_start OR f.rank IS NULL THEN '-9223372036854775808' ELSE f.rank END,
        coalesce(f.handle, 0))
    ORDER BY r.rank, r.handle
    LIMIT at_most
    FOR UPDATE SKIP LOCKED
  ) AS t
  WHERE NOT coalesce(q.paused, false)
    AND (cardinality(queues) = 0 OR l.queue = ANY (queues)) AND (cardinality(kinds) = 0 OR l.kind = ANY (kinds))
    AND (limited OR coalesce(q.concurrency_max, 0) = 0)
  ORDER BY t.rank, t.handle;
END $$;

-- As the statement update_tasks.
CREATE FUNCTION waybill.update_few(handles bigint[], ids uuid[], from_states bigint[],
  from_fences bigint[], from_revisions bigint[], from_leases bigint[], states bigint[],
  revisions bigint[], fences bigint[], waiting bigint[], run_ats bigint[], untils bigint[],
  priorities bigint[], details bytea[], entries bytea[], age bigint)
RETURNS TABLE (handle bigint, lane bigint, rank bigint)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  UPDATE waybill.tasks AS t SET
    state = c.state,
    revision = c.revision,
    fence = c.fence,
    waiting_for = c.waiting_for,
    run_at = c.run_at,
    rank = CASE WHEN c.state = 2
      THEN c.run_at - coalesce(c.priority, t.priority) * age END,
    lease_until = c.until,
    priority = coalesce(c.priority, t.priority),
    detail = c.detail,
    history = t.history || c.entry
  FROM unnest(handles, ids, from_states, from_fences, from_revisions, from_leases, states, revisions,
      fences, waiting, run_ats, untils, priorities, details, entries) AS c
    (handle, id, from_state, from_fence, from_revision, from_lease, state, revision, fence,
     waiting_for, run_at, until, priority, detail, entry)
  WHERE t.handle = ANY (handles) AND t.handle = c.handle AND t.id = c.id AND t.state = c.from_state AND t.fence = c.from_fence
    AND t.revision = c.from_revision
    AND (c.from_lease IS NULL OR t.lease_until = c.from_lease)
  RETURNING t.handle, t.lane, t.rank;
END $$;

GRANT EXECUTE ON FUNCTION waybill.claim_few, waybill.update_few TO PUBLIC;
