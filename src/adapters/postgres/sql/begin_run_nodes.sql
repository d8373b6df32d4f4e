INSERT INTO waybill.run_nodes (run, path, kind, state, due, fingerprint, wait, approval, began_at)
SELECT $1, path, kind, 0, due, fingerprint, wait, approval = 1, $2
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bigint[])
  AS n (path, kind, due, fingerprint, wait, approval)
ON CONFLICT (run, path) DO NOTHING
