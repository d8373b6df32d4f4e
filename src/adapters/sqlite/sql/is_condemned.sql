SELECT 1 FROM condemned_contents WHERE sha256 = ?1
