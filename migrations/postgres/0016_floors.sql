-- Where claims begin to look for ready tasks: none of a lane comes before its floor, in the order of
-- the index of ready tasks, so that what is before it, dead to all but an old snapshot, is not walked through each
-- time. Written under the lock of commits alone: lowered by whoever makes a task ready below it,
-- raised now and then by who claims. Programs that do not know of floors lower none: now and then
-- a claim looks from the beginning.
CREATE TABLE waybill.floors (
  lane bigint PRIMARY KEY,
  rank bigint NOT NULL,
  handle bigint NOT NULL,  -- many tasks that came in one call have one rank
  raised_at bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,
        autovacuum_vacuum_cost_delay = 0);

-- The rest is as in 0013, but that floors are lowered,
-- When a transaction that has enqueued tasks commits: takes all of them into the ledger, and tells
-- of them. Locks are taken in the order in which the ledger's own writers take them: that of new
-- lanes first, that of commits after the rows, but before rows that have keys.
CREATE OR REPLACE FUNCTION waybill.accept_enqueued() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
SET enable_seqscan = off  -- among many dead rows those of this transaction are few
AS $$
DECLARE
  own CONSTANT bigint := txid_current();
  now_micros CONSTANT bigint := floor(extract(epoch FROM clock_timestamp()) * 1000000);
  now_bytes CONSTANT bytea := waybill.varint(now_micros);
  -- core/task_record.h: the retry policy of all that have no rest.
  policy CONSTANT bytea := '\x000503' || waybill.varint(1000000) || waybill.varint(300000000) ||
    waybill.varint(4611686018427387904) || waybill.varint(4596373779694328218) || '\x0000';
  told waybill.events[];
  ready_lanes bigint[];
  ready_ranks bigint[];
  holder uuid;
BEGIN
  IF NOT EXISTS (SELECT FROM waybill.enqueued WHERE transaction = own) THEN
    RETURN NULL;  -- another task had its key
  END IF;
  IF EXISTS (
      SELECT FROM waybill.enqueued AS e
      WHERE e.transaction = own AND NOT EXISTS (
        SELECT FROM waybill.lanes AS l WHERE l.queue = e.queue AND l.kind = e.kind)) THEN
    PERFORM pg_advisory_xact_lock(1467567207, 3);  -- "WyLg": new lanes
    INSERT INTO waybill.lanes (queue, kind)
    SELECT DISTINCT e.queue, e.kind FROM waybill.enqueued AS e
    WHERE e.transaction = own AND NOT EXISTS (
      SELECT FROM waybill.lanes AS l WHERE l.queue = e.queue AND l.kind = e.kind);
    IF (SELECT count(DISTINCT queue) FROM waybill.lanes) > 10000 THEN
      RAISE SQLSTATE '54000' USING MESSAGE = 'there would be more than 10000 queues',
        HINT = 'Use one that is there.';
    END IF;
  END IF;
  IF EXISTS (SELECT FROM waybill.enqueued WHERE transaction = own AND dedup_key IS NOT NULL) THEN
    PERFORM pg_advisory_xact_lock(1467567207, 2);  -- "WyLg": commits, held until this is on disk
    SELECT coalesce(t.id, k.id) INTO holder FROM waybill.enqueued AS e
    LEFT JOIN waybill.tasks AS t ON t.dedup_key = e.dedup_key
    LEFT JOIN waybill.forever_keys AS k ON k.dedup_key = e.dedup_key
    WHERE e.transaction = own AND coalesce(t.id, k.id) IS NOT NULL LIMIT 1;
    IF holder IS NOT NULL THEN
      RAISE SQLSTATE '40001' USING
        MESSAGE = 'task ' || holder || ' has taken the dedup key meanwhile',
        HINT = 'Run the transaction again: enqueue will say which task has it.';
    END IF;
  END IF;
  WITH mine AS (
    SELECT nextval('waybill.handles') AS handle, e.*,
      CASE WHEN e.run_at > now_micros THEN 1 ELSE 2 END AS state,
      greatest(coalesce(e.run_at, 0), now_micros) AS due
    FROM waybill.enqueued AS e WHERE e.transaction = own ORDER BY e.place
  ), known AS (
    INSERT INTO waybill.ids (id, handle) SELECT id, handle FROM mine
  ), taken AS (
    -- core/history.h: created, by whom. core/task_record.h: a detail with nothing in it; a rest
    -- that says when it was to be run.
    INSERT INTO waybill.tasks (handle, id, lane, priority, state, waiting_for, run_at, rank,
      dedup_key, dedup_scope, detail, history, created_at, definition, created_by, spec, params,
      rest, revision, fence)
    SELECT handle, id, lane, priority, state, 0, due,
      CASE WHEN state = 2 THEN due - priority * 60000000::bigint END, dedup_key, dedup_scope,
      '\x010000000000000000',
      '\x10' || set_byte('\x00', 0, state) || now_bytes || '\x000000' ||
        waybill.varint(octet_length(created_by)) || convert_to(created_by, 'UTF8'),
      now_micros, definition, created_by, spec, params,
      CASE WHEN run_at IS NULL THEN '\x'::bytea ELSE '\x01' || waybill.varint(run_at) || policy END,
      0, 0
    FROM mine JOIN waybill.lanes USING (queue, kind)
    ORDER BY handle
    RETURNING handle, id, lane, state, history
  ), numbered AS (
    SELECT *, (row_number() OVER (ORDER BY handle) - 1) / 4096 AS chunk FROM taken  -- commit.h
  ), of_lanes AS (
    SELECT chunk, ARRAY[lane, 0, count(*) FILTER (WHERE state = 1),
      count(*) FILTER (WHERE state = 2), 0, 0, 0, 0] AS added
    FROM numbered GROUP BY chunk, lane
  ), chunks AS (
    SELECT chunk, count(*) AS changes, string_agg(uuid_send(id) || waybill.varint(lane) ||
      waybill.varint(octet_length(history)) || history, ''::bytea ORDER BY handle) AS bytes
    FROM numbered GROUP BY chunk
  )
  SELECT array_agg(ROW(0, 0, changes, (
      SELECT array_agg(number ORDER BY place)
      FROM (SELECT array_agg(added) AS all_added FROM of_lanes WHERE of_lanes.chunk = chunks.chunk)
        AS of_chunk, unnest(all_added) WITH ORDINALITY AS flat (number, place)
    ), bytes, gen_random_uuid())::waybill.events ORDER BY chunk)
  INTO told FROM chunks;
  INSERT INTO waybill.forever_keys (dedup_key, id)
  SELECT dedup_key, id FROM waybill.enqueued
  WHERE transaction = own AND dedup_scope = 1 AND dedup_key IS NOT NULL ORDER BY place;
  SELECT array_agg(lane), array_agg(rank) INTO ready_lanes, ready_ranks FROM (
    SELECT l.lane,
      min(greatest(coalesce(e.run_at, 0), now_micros) - e.priority * 60000000::bigint) AS rank
    FROM waybill.enqueued AS e JOIN waybill.lanes AS l USING (queue, kind)
    WHERE e.transaction = own AND coalesce(e.run_at, 0) <= now_micros
    GROUP BY l.lane
  ) AS ready;
  DELETE FROM waybill.enqueued WHERE transaction = own;
  PERFORM pg_advisory_xact_lock(1467567207, 2);
  UPDATE waybill.floors AS f SET rank = fresh.rank, handle = 0
  FROM unnest(ready_lanes, ready_ranks) AS fresh (lane, rank)
  WHERE f.lane = fresh.lane AND (f.rank, f.handle) > (fresh.rank, 0);
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  INSERT INTO waybill.events (commit_number, changes_until, change_count, counted, changes, tag)
  SELECT before.commit_number + place, before.changes_until + sum(fresh.change_count) OVER (
      ORDER BY place), fresh.change_count, fresh.counted, fresh.changes, fresh.tag
  FROM (
    SELECT coalesce(max(commit_number), 0) AS commit_number,
      coalesce(max(changes_until), 0) AS changes_until
    FROM (
      SELECT commit_number, changes_until FROM waybill.events ORDER BY commit_number DESC LIMIT 1
    ) AS last
  ) AS before, unnest(told) WITH ORDINALITY AS fresh (no_number, no_sum, change_count, counted,
    changes, tag, place);
  RETURN NULL;
END $$;

-- and that times and kinds are checked as the programs check them.
-- Enqueues a task in the caller's transaction, and gives its id: workers see it once that commits,
-- and never if it does not. With a dedup key: the id of the task that holds it, if there is one.
CREATE OR REPLACE FUNCTION waybill.enqueue(
  kind text, params jsonb DEFAULT '{}', queue text DEFAULT 'default', priority integer DEFAULT 0,
  run_at timestamptz DEFAULT NULL, dedup_key text DEFAULT NULL, dedup_scope text DEFAULT 'live',
  spec jsonb DEFAULT '{}', definition text DEFAULT '') RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  -- base/json.cc: what the programs read.
  deeper CONSTANT jsonpath :=
    'strict $.**{64} ? (@.type() == "object" || @.type() == "array")';
  key bytea := convert_to(nullif(enqueue.dedup_key, ''), 'UTF8');
  wrong text := CASE
    WHEN enqueue.kind !~ '^[A-Za-z0-9._-]{1,200}$' IS NOT FALSE
      THEN 'kind: must be 1 to 200 characters of A-Z, a-z, 0-9, ''.'', ''_'' and ''-'''
    WHEN enqueue.queue !~ '^[a-z0-9._-]{1,200}$' IS NOT FALSE
      THEN 'queue: must be 1 to 200 characters of a-z, 0-9, ''.'', ''_'' and ''-'''
    WHEN enqueue.priority NOT BETWEEN -100 AND 100 IS NOT FALSE
      THEN 'priority: must be between -100 and 100'
    WHEN NOT isfinite(enqueue.run_at) OR enqueue.run_at >= '10000-01-01 00:00:00+00'
      THEN 'run_at: must be a time before the year 10000; null is at once'
    WHEN jsonb_typeof(enqueue.params) <> 'object' IS NOT FALSE THEN 'params: must be a JSON object'
    WHEN octet_length(enqueue.params::text) > 1048576 THEN 'params: are over 1 MiB'
    WHEN jsonb_path_exists(enqueue.params, deeper)
      THEN 'params: are nested deeper than 64 levels'
    WHEN jsonb_typeof(enqueue.spec) <> 'object' IS NOT FALSE THEN 'spec: must be a JSON object'
    WHEN octet_length(enqueue.spec::text) > 1048576 THEN 'spec: is over 1 MiB'
    WHEN jsonb_path_exists(enqueue.spec, deeper) THEN 'spec: is nested deeper than 64 levels'
    WHEN octet_length(enqueue.definition) > 200 IS NOT FALSE THEN 'definition: is over 200 bytes'
    WHEN octet_length(key) > 1024 THEN 'dedup_key: is over 1024 bytes'
    WHEN enqueue.dedup_scope NOT IN ('live', 'forever') IS NOT FALSE
      THEN 'dedup_scope: must be live or forever' END;
  holder uuid;
  new_id uuid;
  id_bytes bytea := uuid_send(gen_random_uuid());
BEGIN
  IF wrong IS NOT NULL THEN
    RAISE SQLSTATE '22023' USING MESSAGE = wrong;
  END IF;
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE SQLSTATE '0A000' USING
      MESSAGE = 'a task cannot be enqueued in a transaction that is ' ||
        current_setting('transaction_isolation'),
      HINT = 'It has to see what others have committed: use READ COMMITTED.';
  END IF;
  IF key IS NOT NULL THEN
    SELECT id INTO holder FROM waybill.enqueued WHERE dedup_key = key;
    holder := coalesce(holder, waybill.key_holder(key));
    IF holder IS NOT NULL THEN
      RETURN holder;
    END IF;
  END IF;
  -- Version 7 (RFC 9562): ids that come one after another lie beside each other.
  id_bytes := substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    FROM 3) || substring(id_bytes FROM 7);
  id_bytes := set_byte(id_bytes, 6, get_byte(id_bytes, 6) & 15 | 112);
  new_id := encode(id_bytes, 'hex')::uuid;
  -- Waits for another transaction that has enqueued one with this key, and has not ended; by then
  -- that task is there.
  INSERT INTO waybill.enqueued (transaction, is_first, id, queue, kind, definition, spec, params,
    priority, run_at, dedup_key, dedup_scope, created_by)
  VALUES (txid_current(),
    NOT EXISTS (SELECT FROM waybill.enqueued WHERE transaction = txid_current()), new_id,
    enqueue.queue, enqueue.kind, enqueue.definition, enqueue.spec::text, enqueue.params::text,
    enqueue.priority, CASE WHEN enqueue.run_at IS NOT NULL THEN
      floor(extract(epoch FROM greatest(enqueue.run_at, 'epoch')) * 1000000)::bigint END, key,
    CASE enqueue.dedup_scope WHEN 'forever' THEN 1 ELSE 0 END, 'sql:' || session_user);
  IF key IS NOT NULL THEN
    holder := waybill.key_holder(key);
    IF holder IS NOT NULL THEN
      DELETE FROM waybill.enqueued WHERE dedup_key = key;
      RETURN holder;
    END IF;
  END IF;
  RETURN new_id;
END $$;
