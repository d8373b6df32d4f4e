SELECT task FROM waits WHERE on_id = ?1 ORDER BY task
