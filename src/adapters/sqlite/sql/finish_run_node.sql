INSERT INTO run_nodes
  (run, path, kind, state, outputs, error, fingerprint, reused, began_at, ended_at, artifacts)
VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)
ON CONFLICT (run, path) DO UPDATE SET state = excluded.state, outputs = excluded.outputs,
  error = excluded.error, ended_at = excluded.ended_at,
  artifacts = excluded.artifacts
