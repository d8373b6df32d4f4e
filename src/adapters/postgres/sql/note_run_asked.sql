UPDATE waybill.runs SET asked = asked + 1 WHERE id = $1
