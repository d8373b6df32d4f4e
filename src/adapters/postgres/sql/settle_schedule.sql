UPDATE waybill.schedules SET handled_until = greatest(handled_until, $2) WHERE name = $1
