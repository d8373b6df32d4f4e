SELECT count(*) FROM (
  SELECT FROM waybill.lanes AS l JOIN waybill.tasks AS t ON t.lane = l.lane
  WHERE l.queue = $1 AND t.state = 2 AND (t.rank, t.handle) < ($2, $3)
  LIMIT $4
) AS first
