INSERT INTO secrets (name, sealed, key_id, created_at, changed_at, changed_by)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (name) DO UPDATE SET
  sealed = excluded.sealed, key_id = excluded.key_id,
  changed_at = max(excluded.changed_at, secrets.created_at), changed_by = excluded.changed_by
