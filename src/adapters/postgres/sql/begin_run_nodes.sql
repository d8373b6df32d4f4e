INSERT INTO waybill.run_nodes (run, path, kind, state, due, fingerprint, wait, approval, began_at, bytes)
SELECT $1, path, kind, 0, due, fingerprint, wait, approval = 1, $2, bytes
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bigint[],
  $9::bigint[])
  AS n (path, kind, due, fingerprint, wait, approval, bytes)
ON CONFLICT (run, path) DO NOTHING
