SELECT pg_advisory_xact_lock(1467567207, 3) -- "WyLg": new lanes
