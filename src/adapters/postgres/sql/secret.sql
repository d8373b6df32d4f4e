SELECT name, sealed, key_id, created_at, changed_at, changed_by FROM waybill.secrets
WHERE name = $1
