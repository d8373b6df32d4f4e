SELECT substring(c.relname FROM '^finished_([0-9]+)$')::bigint AS span
FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'waybill.finished'::regclass
ORDER BY span
