-- With the collection locked, and no URL twice.
WITH fresh AS (
  SELECT r.url, r.title, r.description, row_number() OVER (ORDER BY r.number) AS number
  FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS r (url, title, description, number)
  WHERE NOT EXISTS (
    SELECT FROM waybill.collection_items AS i WHERE i.collection = $1 AND i.url = r.url)
)
INSERT INTO waybill.collection_items (collection, position, url, title, description, tried_at, fetched_at, failure, status, size_bytes, media_type, sha256, cid, header_cid, error)
SELECT $1, number + coalesce(
    (SELECT max(position) FROM waybill.collection_items WHERE collection = $1), 0),
  url, title, description, 0, 0, 0, 0, 0, '', '', '', '', '' FROM fresh
