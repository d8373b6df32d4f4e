INSERT INTO host_turns (host, state, keep_until) VALUES (?1, ?2, ?3)
ON CONFLICT (host) DO UPDATE SET state = excluded.state, keep_until = excluded.keep_until
