DELETE FROM condemned_contents WHERE sha256 = ?1 AND at <= ?2
