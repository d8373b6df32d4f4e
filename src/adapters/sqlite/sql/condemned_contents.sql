SELECT sha256 FROM condemned_contents WHERE at < ?1 ORDER BY at LIMIT ?2
