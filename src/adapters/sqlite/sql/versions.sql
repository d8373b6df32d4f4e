SELECT map, name, number, since, repository, commit_id, file, line, definition
FROM definition_versions WHERE map = ?1 AND name = ?2 AND number < ?3
ORDER BY number DESC LIMIT ?4
