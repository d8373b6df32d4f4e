-- Whether this is a standby, which knows nothing of the sessions of its primary; and how many
-- sessions of process $1 there are, which are told to end, whose transaction began at $2: a pooler
-- may have given the session to another one since. Where the server does not track or tell that,
-- it is the one that was there by then. One of another user is not ours, nor ours to end.
SELECT pg_is_in_recovery(), count(pg_terminate_backend(pid))
FROM pg_catalog.pg_stat_activity
WHERE pid = $1 AND usename = session_user AND CASE
  WHEN state IS NULL OR state = 'disabled'
    THEN coalesce(floor(extract(epoch FROM backend_start) * 1000000)::bigint <= $2, true)
  ELSE floor(extract(epoch FROM xact_start) * 1000000)::bigint = $2 END
