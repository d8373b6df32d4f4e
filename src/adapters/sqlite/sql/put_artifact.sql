INSERT INTO artifacts (task, name, fence, sha256, size_bytes, media_type, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
