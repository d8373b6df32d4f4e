INSERT INTO waybill.lanes (queue, kind)
SELECT queue, kind FROM unnest($1, $2) AS given (queue, kind)
