INSERT INTO waybill.run_nodes
  (run, path, kind, state, outputs, error, fingerprint, reused, began_at, ended_at, artifacts)
SELECT $1, path, 0, state, outputs, error, fingerprint, reused = 1, $2, $2, artifacts
FROM unnest($3::text[], $4::bigint[], $5::bytea[], $6::text[], $7::text[], $8::bigint[],
  $9::bytea[])
  AS n (path, state, outputs, error, fingerprint, reused, artifacts)
ON CONFLICT (run, path) DO UPDATE SET state = excluded.state, outputs = excluded.outputs,
  error = excluded.error, ended_at = excluded.ended_at,
  artifacts = excluded.artifacts
