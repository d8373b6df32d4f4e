SELECT count(*) FROM waybill.finished WHERE handle >= $1 AND handle < $2
