-- What plain inserts of a transaction come to, as one statement whose parts the server has planned
-- once (docs/adr/0050): so that begin, all of it and commit are one round trip.

-- Takes tasks into the ledger that wait for none and have no key, and tells of them. Of a column
-- that is the same for all tasks the array has one element. Then where tasks have become ready
-- (`ready_lanes`, `ready_ranks`), and the row of events. 23505: one of the ids is there already,
-- and nothing is done. Gives the server's time and the number of the row. With the rights of
-- whoever calls it.
CREATE FUNCTION waybill.insert_group(ids uuid[], lanes bigint[], priorities bigint[],
  states bigint[], run_ats bigint[], ranks bigint[], scopes bigint[], details bytea[],
  entries bytea[], created_ats bigint[], definitions text[], creators text[], specs text[],
  all_params text[], rests bytea[], ready_lanes bigint[], ready_ranks bigint[], changed bigint,
  counts bigint[], encoded bytea, own_tag uuid, OUT now_micros bigint, OUT told_as bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  handles bigint[];
  none text;
BEGIN
  now_micros := floor(extract(epoch FROM clock_timestamp()) * 1000000);
  -- Of this transaction alone, as in write_settings. And plans are kept: one that is made for these
  -- very arrays looks better to the server, and costs more than it saves. By assignment, as that
  -- and the lock below then cost no statement.
  none := set_config('lock_timeout', '5s', true) ||
    set_config('idle_in_transaction_session_timeout', '20s', true) ||
    set_config('tcp_user_timeout', '20s', true) ||
    set_config('plan_cache_mode', 'force_generic_plan', true) ||
    set_config('enable_seqscan', 'off', true) ||  -- of a table that has grown since the plan
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
      WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true);
  handles := ARRAY(SELECT nextval('waybill.handles') FROM generate_series(1, cardinality(ids)));
  INSERT INTO waybill.ids (id, handle)
  SELECT given.id, given.handle FROM unnest(ids, handles) AS given (id, handle);
  INSERT INTO waybill.tasks (handle, id, lane, priority, state, waiting_for, run_at, rank,
    dedup_scope, detail, history, created_at, definition, created_by, spec, params, rest, revision,
    fence)
  SELECT g.handle, g.id, coalesce(g.lane, lanes[1]), coalesce(g.priority, priorities[1]),
    coalesce(g.state, states[1]), 0, coalesce(g.run_at, run_ats[1]),
    CASE WHEN coalesce(g.state, states[1]) = 2 THEN coalesce(g.rank, ranks[1]) END,
    coalesce(g.scope, scopes[1]), coalesce(g.detail, details[1]), coalesce(g.entry, entries[1]),
    coalesce(g.created_at, created_ats[1]), coalesce(g.definition, definitions[1]),
    coalesce(g.creator, creators[1]), coalesce(g.spec, specs[1]),
    coalesce(g.params, all_params[1]), coalesce(g.rest, rests[1]), 0, 0
  FROM unnest(handles, ids, lanes, priorities, states, run_ats, ranks, scopes, details, entries,
      created_ats, definitions, creators, specs, all_params, rests)
    AS g (handle, id, lane, priority, state, run_at, rank, scope, detail, entry, created_at,
      definition, creator, spec, params, rest);
  none := pg_advisory_xact_lock(1467567207, 2);  -- "WyLg": commits, held until this is on disk
  IF cardinality(ready_lanes) > 0 THEN
    UPDATE waybill.floors AS f SET rank = fresh.rank, handle = 0
    FROM unnest(ready_lanes, ready_ranks) AS fresh (lane, rank)
    WHERE f.lane = fresh.lane AND (f.rank, f.handle) > (fresh.rank, 0);
  END IF;
  INSERT INTO waybill.events (commit_number, changes_until, change_count, counted, changes, tag)
  SELECT coalesce(max(last.commit_number), 0) + 1, coalesce(max(last.changes_until), 0) + changed,
    changed, counts, encoded, own_tag
  FROM (
    SELECT commit_number, changes_until FROM waybill.events ORDER BY commit_number DESC LIMIT 1
  ) AS last
  RETURNING commit_number INTO told_as;
END $$;
GRANT EXECUTE ON FUNCTION waybill.insert_group TO PUBLIC;
