SELECT pg_advisory_xact_lock(1467567208, $1::integer) -- "WyLh": stores beside the tasks
