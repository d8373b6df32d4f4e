UPDATE schedules SET handled_until = max(handled_until, ?2) WHERE name = ?1
