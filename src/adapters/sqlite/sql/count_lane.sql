UPDATE lanes SET blocked = blocked + ?2, scheduled = scheduled + ?3, ready = ready + ?4,
  leased = leased + ?5, succeeded = succeeded + ?6, failed = failed + ?7, cancelled = cancelled + ?8
WHERE lane = ?1
