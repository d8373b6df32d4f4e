-- What is empty stays as it is.
UPDATE collections SET
  title = CASE WHEN ?2 <> '' THEN ?2 ELSE title END,
  description = CASE WHEN ?3 <> '' THEN ?3 ELSE description END,
  creator = CASE WHEN ?4 <> '' THEN ?4 ELSE creator END,
  changed_at = max(?5, changed_at)
WHERE id = ?1
