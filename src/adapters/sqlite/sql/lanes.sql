SELECT lane, queue, kind, blocked, scheduled, ready, leased, succeeded, failed, cancelled FROM lanes
ORDER BY queue, kind
