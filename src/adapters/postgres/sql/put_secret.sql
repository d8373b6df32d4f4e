-- Under the lock of the secrets. Says whether there was one of this name before; no row: another
-- one is sealed under another key.
INSERT INTO waybill.secrets (name, sealed, key_id, created_at, changed_at, changed_by)
SELECT $1, $2, $3, $4, $5, $6
WHERE NOT EXISTS (SELECT FROM waybill.secrets WHERE key_id <> $3 AND name <> $1)
ON CONFLICT (name) DO UPDATE SET
  sealed = excluded.sealed, key_id = excluded.key_id,
  changed_at = greatest(excluded.changed_at, secrets.created_at), changed_by = excluded.changed_by
RETURNING EXISTS (SELECT FROM waybill.secrets AS before WHERE before.name = $1)
