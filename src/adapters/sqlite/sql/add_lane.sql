INSERT INTO lanes (queue, kind) VALUES (?1, ?2) RETURNING lane
