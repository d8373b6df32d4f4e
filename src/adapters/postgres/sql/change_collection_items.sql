-- What is empty stays as it is.
UPDATE waybill.collection_items AS i SET
  title = CASE WHEN r.title <> '' THEN r.title ELSE i.title END,
  description = CASE WHEN r.description <> '' THEN r.description ELSE i.description END
FROM unnest($2::text[], $3::text[], $4::text[]) AS r (url, title, description)
WHERE i.collection = $1 AND i.url = r.url AND (r.title <> '' OR r.description <> '')
