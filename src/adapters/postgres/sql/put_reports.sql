-- Empty text leaves what is there. Of several reports of one task the last counts, but for what it
-- leaves empty.
WITH held AS (
  SELECT t.handle, c.progress, c.checkpoint, c.place
  FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS c (id, fence, progress, checkpoint, place)
  JOIN waybill.ids AS i ON i.id = c.id
  JOIN waybill.tasks AS t ON t.handle = i.handle
  WHERE t.state = 3 AND t.fence = c.fence
), latest AS (
  SELECT handle,
    coalesce((array_agg(progress ORDER BY place DESC) FILTER (WHERE progress <> ''))[1], '')
      AS progress,
    coalesce((array_agg(checkpoint ORDER BY place DESC) FILTER (WHERE checkpoint <> ''))[1], '')
      AS checkpoint
  FROM held GROUP BY handle
), put AS (
  INSERT INTO waybill.reports AS r (task, progress, checkpoint)
  SELECT handle, progress, checkpoint FROM latest
  ON CONFLICT (task) DO UPDATE SET
    progress = CASE excluded.progress WHEN '' THEN r.progress ELSE excluded.progress END,
    checkpoint = CASE excluded.checkpoint WHEN '' THEN r.checkpoint ELSE excluded.checkpoint END
)
SELECT place FROM held
