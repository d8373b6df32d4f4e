INSERT INTO requests (handle, created_at, definition, created_by, spec, params, rest)
SELECT c0, c1, c2, c3, c4, c5, c6 FROM feed
