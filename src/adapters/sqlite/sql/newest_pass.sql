SELECT number, digest FROM scan_passes WHERE scan = ?1 ORDER BY number DESC LIMIT 1
