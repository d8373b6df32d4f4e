INSERT INTO waybill.host_turns (host, state, keep_until)
SELECT host, '', 0 FROM unnest($1::text[]) AS fresh (host) ORDER BY host
ON CONFLICT DO NOTHING
