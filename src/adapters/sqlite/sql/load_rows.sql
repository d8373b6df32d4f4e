-- What a compare-and-set looks at, for the handles in feed.
SELECT t.handle, t.id, t.lane, t.priority, t.state, t.revision, t.fence, t.waiting_for, t.run_at,
       t.lease_until, t.finished_at, t.dedup_key, t.dedup_scope, t.detail
FROM feed CROSS JOIN tasks t ON t.handle = c0
