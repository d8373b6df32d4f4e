SELECT EXISTS (
  SELECT FROM waybill.queues
  WHERE concurrency_max > 0 AND NOT paused AND (cardinality($1) = 0 OR name = ANY ($1)))
