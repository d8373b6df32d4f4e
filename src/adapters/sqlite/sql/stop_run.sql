UPDATE runs SET stop = ?2, stop_by = ?3, stop_reason = ?4, asked = asked + 1
WHERE id = ?1 AND state < 2 AND stop < ?2
