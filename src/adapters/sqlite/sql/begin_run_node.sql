INSERT INTO run_nodes (run, path, kind, state, due, fingerprint, wait, began_at, approval, bytes)
VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (run, path) DO NOTHING
