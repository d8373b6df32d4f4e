-- Indexes that carry invariants.
SELECT wanted.name
FROM unnest(ARRAY['ids_pkey', 'tasks_pkey', 'task_keys', 'blocked_tasks', 'scheduled_tasks',
  'ready_tasks', 'leased_tasks', 'finished_handles', 'finished_tasks', 'waits_pkey',
  'waits_of_task', 'reports_pkey', 'forever_keys_pkey', 'events_pkey', 'retirements_pkey']) AS wanted (name)
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
  WHERE c.relnamespace = 'waybill'::regnamespace AND c.relname = wanted.name AND x.indisvalid)
