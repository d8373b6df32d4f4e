DELETE FROM definition_versions WHERE map = ?1 AND name = ?2 AND number <= ?3
