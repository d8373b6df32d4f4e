-- Of lanes ($1) in states ($2), of the finished those that finished before $3; between two handles.
SELECT t.handle FROM waybill.tasks AS t
WHERE t.lane = ANY ($1) AND t.state = ANY ($2) AND $3 = 9223372036854775807
  AND t.handle > $4 AND t.handle < $5
UNION ALL
SELECT f.handle FROM waybill.finished AS f
WHERE f.lane = ANY ($1) AND f.state = ANY ($2) AND f.finished_at < $3
  AND f.handle > $4 AND f.handle < $5
