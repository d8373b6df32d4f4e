-- What whoever may read and write the tables needs beside, done as the role that owns them. Each has
-- a search path of its own, so that nobody can slip another table or function in.

-- Makes the partition of finished tasks for a span of 500000 handles, unless it is there. Only where
-- a task has such a handle, so that nobody can make any number of them.
CREATE FUNCTION waybill.make_partition(span bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  part text := 'finished_' || span;
BEGIN
  PERFORM pg_advisory_xact_lock(1467567207, 4);  -- "WyLg": partitions
  IF to_regclass('waybill.' || part) IS NOT NULL THEN
    RETURN;
  END IF;
  IF span IS NULL OR span < 0 OR span > (SELECT last_value / 500000 FROM waybill.handles) THEN
    RAISE SQLSTATE '22023' USING MESSAGE = 'no task has a handle of the span ' || span;
  END IF;
  -- Made by itself and then attached: that waits for nobody who reads or writes.
  EXECUTE format('CREATE TABLE waybill.%I (LIKE waybill.finished INCLUDING CONSTRAINTS) '
    'WITH (autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_scale_factor = 0.1)', part);
  EXECUTE format('ALTER TABLE waybill.finished ATTACH PARTITION waybill.%I '
    'FOR VALUES FROM (%s) TO (%s)', part, span * 500000, (span + 1) * 500000);
END $$;

-- Drops such a partition if it is empty, and says whether it did. Keeps everybody out meanwhile, so
-- it gives up with 55P03 where it would have to wait.
CREATE FUNCTION waybill.drop_partition(span bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms'
AS $$
DECLARE
  part text := 'finished_' || span;
  has_rows boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(1467567207, 4);
  IF span IS NULL OR to_regclass('waybill.' || part) IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM waybill.%I)', part) INTO has_rows;
  IF has_rows THEN
    RETURN false;  -- nobody is kept out for that
  END IF;
  LOCK TABLE waybill.finished IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('SELECT EXISTS (SELECT FROM waybill.%I)', part) INTO has_rows;
  IF NOT has_rows THEN
    EXECUTE format('DROP TABLE waybill.%I', part);
  END IF;
  RETURN NOT has_rows;
END $$;

-- For whoever may write the tables, and nobody else.
REVOKE ALL ON FUNCTION waybill.make_partition FROM PUBLIC;
REVOKE ALL ON FUNCTION waybill.drop_partition FROM PUBLIC;

-- Tasks that programs enqueue in transactions of their own, until they commit. Nobody ever sees a
-- row but the transaction that has put it there.
CREATE UNLOGGED TABLE waybill.enqueued (
  transaction bigint NOT NULL,  -- its number, by which its rows are found among many dead ones
  place bigint GENERATED ALWAYS AS IDENTITY,
  is_first boolean NOT NULL,    -- of those that are there of its transaction
  id uuid NOT NULL,
  queue text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  definition text COLLATE "C" NOT NULL,
  spec text COLLATE "C" NOT NULL,
  params text COLLATE "C" NOT NULL,
  priority smallint NOT NULL,
  run_at bigint,
  dedup_key bytea,
  dedup_scope smallint NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  PRIMARY KEY (transaction, place)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX enqueued_keys ON waybill.enqueued (dedup_key) WHERE dedup_key IS NOT NULL;

-- As base/bytes.h writes it; `value` is not negative.
CREATE FUNCTION waybill.varint(value bigint) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on AS $$
DECLARE
  bytes bytea := '';
BEGIN
  WHILE value >= 128 LOOP
    bytes := bytes || set_byte('\x00', 0, (value & 127 | 128)::integer);
    value := value >> 7;
  END LOOP;
  RETURN bytes || set_byte('\x00', 0, value::integer);
END $$;

CREATE FUNCTION waybill.key_holder(key bytea) RETURNS uuid
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT id FROM waybill.tasks WHERE dedup_key = key
  UNION ALL
  SELECT id FROM waybill.forever_keys WHERE dedup_key = key
  LIMIT 1
$$;

-- When a transaction that has enqueued tasks commits: takes all of them into the ledger, and tells
-- of them. Locks are taken in the order in which the ledger's own writers take them: that of new
-- lanes first, that of commits after the rows, but before rows that have keys.
CREATE FUNCTION waybill.accept_enqueued() RETURNS trigger
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
  DELETE FROM waybill.enqueued WHERE transaction = own;
  PERFORM pg_advisory_xact_lock(1467567207, 2);
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
-- For one row of a transaction: the others would have it called while the lock of commits is held.
CREATE CONSTRAINT TRIGGER accept_enqueued AFTER INSERT ON waybill.enqueued
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.is_first)
  EXECUTE FUNCTION waybill.accept_enqueued();
-- Also in sessions that replicate, where triggers are left out.
ALTER TABLE waybill.enqueued ENABLE ALWAYS TRIGGER accept_enqueued;

-- Enqueues a task in the caller's transaction, and gives its id: workers see it once that commits,
-- and never if it does not. With a dedup key: the id of the task that holds it, if there is one.
CREATE FUNCTION waybill.enqueue(
  kind text, params jsonb DEFAULT '{}', queue text DEFAULT 'default', priority integer DEFAULT 0,
  run_at timestamptz DEFAULT NULL, dedup_key text DEFAULT NULL, dedup_scope text DEFAULT 'live',
  spec jsonb DEFAULT '{}', definition text DEFAULT '') RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  key bytea := convert_to(nullif(enqueue.dedup_key, ''), 'UTF8');
  wrong text := CASE
    WHEN enqueue.kind !~ '^[a-z0-9._-]{1,200}$' IS NOT FALSE
      THEN 'kind: must be 1 to 200 characters of a-z, 0-9, ''.'', ''_'' and ''-'''
    WHEN enqueue.queue !~ '^[a-z0-9._-]{1,200}$' IS NOT FALSE
      THEN 'queue: must be 1 to 200 characters of a-z, 0-9, ''.'', ''_'' and ''-'''
    WHEN enqueue.priority NOT BETWEEN -100 AND 100 IS NOT FALSE
      THEN 'priority: must be between -100 and 100'
    WHEN jsonb_typeof(enqueue.params) <> 'object' IS NOT FALSE THEN 'params: must be a JSON object'
    WHEN octet_length(enqueue.params::text) > 1048576 THEN 'params: are over 1 MiB'
    WHEN jsonb_typeof(enqueue.spec) <> 'object' IS NOT FALSE THEN 'spec: must be a JSON object'
    WHEN octet_length(enqueue.spec::text) > 1048576 THEN 'spec: is over 1 MiB'
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

-- Whoever may enqueue may have workers do anything: that is to be granted.
REVOKE ALL ON FUNCTION waybill.enqueue FROM PUBLIC;
REVOKE ALL ON FUNCTION waybill.key_holder FROM PUBLIC;
REVOKE ALL ON FUNCTION waybill.accept_enqueued FROM PUBLIC;
