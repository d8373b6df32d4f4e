-- Under the lock of the secrets. Says how many were sealed anew, and how many there are.
WITH done AS (
  UPDATE waybill.secrets AS s SET sealed = a.sealed, key_id = a.key_id
  FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
    AS a (name, sealed_before, sealed, key_id)
  WHERE s.name = a.name AND s.sealed = a.sealed_before
  RETURNING s.name
)
SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM waybill.secrets)
