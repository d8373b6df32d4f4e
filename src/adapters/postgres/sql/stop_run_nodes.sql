UPDATE waybill.run_nodes AS node SET stop = n.stop, error = n.error
FROM unnest($2::text[], $3::bigint[], $4::text[]) AS n (path, stop, error)
WHERE node.run = $1 AND node.path = n.path
