-- Programs of ours that are connected to this database, but for this one.
SELECT coalesce(host(client_addr), 'this machine') || ', process ' || pid || ' of the server'
FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND application_name = 'waybill' AND pid <> pg_backend_pid()
ORDER BY backend_start LIMIT 5
