INSERT INTO waybill.definition_versions
  (map, name, number, since, repository, commit_id, file, line, definition, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
