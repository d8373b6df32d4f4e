-- The webhook is locked first, as by those who settle.
WITH hook AS MATERIALIZED (
  SELECT name FROM waybill.webhooks WHERE name = $1 FOR NO KEY UPDATE
)
UPDATE waybill.webhook_deliveries SET next_at = $2, attempts = 1
FROM hook WHERE webhook = hook.name AND next_at IS NULL
