INSERT INTO waybill.artifacts (task, name, fence, sha256, size_bytes, media_type, created_at)
SELECT $1, a.name, $2, a.sha256, a.size_bytes, a.media_type, $3
FROM unnest($4::text[], $5::bytea[], $6::bigint[], $7::text[])
  AS a (name, sha256, size_bytes, media_type)
