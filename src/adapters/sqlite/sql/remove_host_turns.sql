DELETE FROM host_turns WHERE host IN (
  SELECT host FROM host_turns WHERE keep_until < ?1 LIMIT 2000)
