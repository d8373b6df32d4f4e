-- An id is left for a moment of a task that was removed with its partition: that is none.
SELECT i.id, coalesce(t.state, f.state), coalesce(t.fence, f.fence),
       coalesce(t.revision, f.revision), i.handle
FROM waybill.ids AS i
LEFT JOIN waybill.tasks AS t ON t.handle = i.handle
LEFT JOIN waybill.finished AS f ON f.handle = i.handle
WHERE i.id = ANY ($1) AND coalesce(t.state, f.state) IS NOT NULL
