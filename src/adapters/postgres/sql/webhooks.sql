SELECT name, id, settings, state, sequence, failures, wait_until, succeeded_at, failed_at, status,
  error, gaps, created_at, changed_at, changed_by
FROM waybill.webhooks ORDER BY name
