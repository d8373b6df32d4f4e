-- What a task becomes; its compare-and-set has been decided in this transaction. ?12 is how long
-- detail, history and room are together while they fit: a row that keeps its size is overwritten in
-- place.
UPDATE tasks SET
  state = ?2,
  revision = ?3,
  fence = ?4,
  waiting_for = ?5,
  priority = ?13,
  run_at = ?6,
  rank = ?7,
  lease_until = ?8,
  finished_at = ?9,
  detail = ?10,
  history = CAST(history || ?11 AS BLOB),
  room = zeroblob(max(0, ?12 - length(?10) - length(history) - length(?11)))
WHERE handle = ?1
