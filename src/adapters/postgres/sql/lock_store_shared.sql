SELECT pg_advisory_xact_lock_shared(1467567208, $1::integer) -- as lock_store.sql
