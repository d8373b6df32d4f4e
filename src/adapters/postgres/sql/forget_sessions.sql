DELETE FROM waybill.sessions WHERE ends_at < $1 OR revoked_at < $1
