SELECT q.name, q.concurrency_max,
       (SELECT count(*) FROM waybill.tasks AS t JOIN waybill.lanes AS l ON l.lane = t.lane
        WHERE t.state = 3 AND l.queue = q.name)
FROM waybill.queues AS q
WHERE q.concurrency_max > 0
