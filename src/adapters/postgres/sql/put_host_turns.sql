UPDATE waybill.host_turns AS t SET state = fresh.state, keep_until = fresh.keep_until
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS fresh (host, state, keep_until)
WHERE t.host = fresh.host
