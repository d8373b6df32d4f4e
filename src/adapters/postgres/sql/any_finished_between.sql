SELECT EXISTS (SELECT FROM waybill.finished WHERE handle >= $1 AND handle < $2)
