-- Retention takes a partition of finished tasks out as a whole (docs/adr/0044): its tasks are gone
-- with that, and what else there is of them is removed piece by piece before the table is dropped.

-- All tables that were partitions, as one: each inherits from this.
CREATE TABLE waybill.retired (
  handle bigint NOT NULL,
  id uuid NOT NULL
);
-- Of each such table, named retired_SPAN: ids and the rest are removed of handles before this one.
CREATE TABLE waybill.retirements (
  span bigint PRIMARY KEY,
  cleared_until bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 0);

-- Takes the partition of a span out, and says how many tasks it had; null: it is not there, or its
-- predecessor is not cleared yet. What retention keeps of it, `kept_max` tasks at most, stays:
-- those of which no queue, outcome and time say that they are due, those that another task waits
-- for, and steps of a run that goes on. 55P03: another time, as somebody would have to be waited
-- for, or more are kept.
-- Nobody but who writes to this one partition waits while it is looked through; readers and ends
-- of tasks wait at the end, for `lock_timeout` and a commit. `waits_until`: a handle; of all tasks
-- up to it, it is known that what they wait for was written before this was called.
CREATE FUNCTION waybill.retire_partition(span bigint, queues text[], outcomes bigint[],
  befores bigint[], kept_max bigint, waits_until bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms'
AS $$
DECLARE
  part CONSTANT text := 'finished_' || span;
  fresh CONSTANT text := part || '_kept';
  gone CONSTANT text := 'retired_' || span;
  kept bigint;
  tasks bigint;
  lanes bigint[];
  states bigint[];
  counts bigint[];
  awaited boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(1467567207, 4);  -- "WyLg": partitions
  IF to_regclass('waybill.' || part) IS NULL OR to_regclass('waybill.' || gone) IS NOT NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('LOCK TABLE waybill.%I IN SHARE ROW EXCLUSIVE MODE', part);
  EXECUTE format('CREATE TABLE waybill.%I (LIKE waybill.finished INCLUDING CONSTRAINTS) '
    'WITH (autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_scale_factor = 0.1)', fresh);
  EXECUTE format($sql$
    WITH due AS MATERIALIZED (
      SELECT l.lane, d.outcome, d.before
      FROM unnest($1, $2, $3) AS d (queue, outcome, before)
      JOIN waybill.lanes AS l ON l.queue = d.queue
    ), kept AS (
      DELETE FROM waybill.%I WHERE handle IN (
        SELECT f.handle
        FROM waybill.%I AS f LEFT JOIN due AS d ON d.lane = f.lane AND d.outcome = f.state
        WHERE d.lane IS NULL OR f.finished_at >= d.before
          OR f.id IN (SELECT on_id FROM waybill.waits)
          OR f.created_by IN (SELECT 'run:' || id FROM waybill.runs WHERE state < 2)
      ) RETURNING *
    ) INSERT INTO waybill.%I SELECT * FROM kept$sql$, part, part, fresh)
  USING queues, outcomes, befores;
  GET DIAGNOSTICS kept = ROW_COUNT;
  IF kept > kept_max THEN
    RAISE SQLSTATE '55P03' USING MESSAGE = 'more tasks are kept of ' || part;
  END IF;
  IF kept > 0 THEN
    EXECUTE format('CREATE UNIQUE INDEX ON waybill.%I (handle)', fresh);
    EXECUTE format('CREATE INDEX ON waybill.%I (lane, state, finished_at, handle)', fresh);
  ELSE
    EXECUTE format('DROP TABLE waybill.%I', fresh);
  END IF;
  EXECUTE format('SELECT coalesce(sum(count), 0), array_agg(lane), array_agg(state), '
    'array_agg(count) FROM (SELECT lane, state, count(*) FROM waybill.%I GROUP BY lane, state) '
    'AS heaps', part) INTO tasks, lanes, states, counts;

  LOCK TABLE ONLY waybill.finished IN ACCESS EXCLUSIVE MODE;
  -- Who looked at a task to have another wait for it has ended; its waits are there.
  EXECUTE format('SELECT EXISTS (SELECT FROM waybill.waits AS w '
    'JOIN waybill.ids AS i ON i.id = w.on_id JOIN waybill.%I AS f ON f.handle = i.handle '
    'WHERE w.task > $1)', part) INTO awaited USING waits_until;
  IF awaited THEN
    RAISE SQLSTATE '55P03' USING MESSAGE = 'a task of ' || part || ' is waited for by now';
  END IF;
  EXECUTE format('ALTER TABLE waybill.finished DETACH PARTITION waybill.%I', part);
  EXECUTE format('ALTER TABLE waybill.%I RENAME TO %I', part, gone);
  EXECUTE format('ALTER TABLE waybill.%I INHERIT waybill.retired', gone);
  INSERT INTO waybill.retirements (span, cleared_until) VALUES (span, span * 500000);
  IF kept > 0 THEN
    EXECUTE format('ALTER TABLE waybill.%I RENAME TO %I', fresh, part);
    EXECUTE format('ALTER TABLE waybill.finished ATTACH PARTITION waybill.%I '
      'FOR VALUES FROM (%s) TO (%s)', part, span * 500000, (span + 1) * 500000);
  END IF;
  UPDATE waybill.lanes AS l SET
    used = true,
    succeeded = l.succeeded - c.succeeded,
    failed = l.failed - c.failed,
    cancelled = l.cancelled - c.cancelled
  FROM (
    SELECT h.lane, coalesce(sum(h.count) FILTER (WHERE h.state = 4), 0) AS succeeded,
      coalesce(sum(h.count) FILTER (WHERE h.state = 5), 0) AS failed,
      coalesce(sum(h.count) FILTER (WHERE h.state = 6), 0) AS cancelled
    FROM unnest(lanes, states, counts) AS h (lane, state, count) GROUP BY h.lane
  ) AS c
  WHERE l.lane = c.lane;
  RETURN tasks;
END $$;

-- Removes what there is beside of tasks that were taken out, `tasks_max` of them, and says of how
-- many; 0: of none was there any more, and their table is dropped; null: none were taken out, or
-- others are at it. Ids that were given to new tasks meanwhile are theirs.
CREATE FUNCTION waybill.clear_retired(tasks_max bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms'
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  part record;
  handles bigint[];
  names uuid[];
BEGIN
  SELECT r.span, r.cleared_until INTO part FROM waybill.retirements AS r
  ORDER BY r.span LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(r.handle), array_agg(r.id) INTO handles, names FROM (
    SELECT handle, id FROM waybill.retired
    WHERE handle >= part.cleared_until AND handle < (part.span + 1) * 500000
    ORDER BY handle LIMIT tasks_max) AS r;
  IF handles IS NULL THEN
    EXECUTE format('DROP TABLE waybill.%I', 'retired_' || part.span);
    DELETE FROM waybill.retirements WHERE span = part.span;
    RETURN 0;
  END IF;
  DELETE FROM waybill.ids AS i USING unnest(handles, names) AS r (handle, id)
  WHERE i.id = r.id AND i.handle = r.handle;
  DELETE FROM waybill.reports AS p USING unnest(handles) AS r (handle) WHERE p.task = r.handle;
  DELETE FROM waybill.waits AS w USING unnest(handles) AS r (handle) WHERE w.task = r.handle;
  DELETE FROM waybill.artifacts AS a USING unnest(handles) AS r (handle) WHERE a.task = r.handle;
  DELETE FROM waybill.log_chunks AS c USING unnest(names) AS r (id) WHERE c.task = r.id;
  UPDATE waybill.retirements SET cleared_until = handles[cardinality(handles)] + 1
  WHERE span = part.span;
  RETURN cardinality(handles);
END $$;

-- For whoever may do the like already.
REVOKE ALL ON FUNCTION waybill.retire_partition FROM PUBLIC;
REVOKE ALL ON FUNCTION waybill.clear_retired FROM PUBLIC;
DO $$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS name
    FROM pg_catalog.pg_proc AS p, pg_catalog.aclexplode(p.proacl) AS a
    WHERE p.oid = 'waybill.drop_partition'::regproc AND a.privilege_type = 'EXECUTE'
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION waybill.retire_partition, waybill.clear_retired '
      'TO %s', granted.name);
  END LOOP;
  FOR granted IN
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS name
    FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a
    WHERE c.oid = 'waybill.finished'::regclass AND a.privilege_type = 'SELECT'
  LOOP
    EXECUTE format('GRANT SELECT ON waybill.retired, waybill.retirements TO %s', granted.name);
  END LOOP;
END $$;
