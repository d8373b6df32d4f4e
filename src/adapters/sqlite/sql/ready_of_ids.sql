-- From feed: c0 id.
SELECT t.handle, t.rank, t.lane FROM feed CROSS JOIN tasks t ON t.id = c0 WHERE t.state = 2
