SELECT number, digest FROM definition_versions WHERE map = ?1 AND name = ?2
ORDER BY number DESC LIMIT 1
