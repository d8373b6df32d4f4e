SELECT pg_advisory_xact_lock(1467567207, 2) -- "WyLg": commits, see commit.h
