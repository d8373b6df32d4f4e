SELECT count(*) FROM waybill.webhooks
