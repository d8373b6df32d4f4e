-- From feed. Rows whose id or key is taken are passed over; room: see apply_change.
INSERT INTO tasks (handle, id, lane, priority, state, revision, fence, waiting_for, run_at, rank,
                   dedup_key, dedup_scope, detail, history, room)
SELECT c0, c1, c2, c3, c4, 0, 0, c5, c6, c7, c8, c9, c10, c11,
       zeroblob(max(0, ?1 - length(c10) - length(c11)))
FROM feed
WHERE true
ON CONFLICT DO NOTHING
