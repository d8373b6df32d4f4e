-- What is empty stays as it is.
UPDATE collection_items SET
  title = CASE WHEN ?3 <> '' THEN ?3 ELSE title END,
  description = CASE WHEN ?4 <> '' THEN ?4 ELSE description END
WHERE collection = ?1 AND url = ?2
