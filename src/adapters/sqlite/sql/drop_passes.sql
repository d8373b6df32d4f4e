DELETE FROM scan_passes WHERE scan = ?1 AND number <= ?2
