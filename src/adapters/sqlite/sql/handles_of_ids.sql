-- From feed: c0 id, c1 position.
SELECT c1, t.handle FROM feed CROSS JOIN tasks t ON t.id = c0
