SELECT history FROM waybill.rows
WHERE handle = (SELECT i.handle FROM waybill.ids AS i WHERE i.id = $1)
