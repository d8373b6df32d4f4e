SELECT url, fetched_at, took_ms, status, size_bytes, media_type, sha256, cid, header_cid
FROM snapshots WHERE url = ?1 AND fetched_at < ?2 ORDER BY fetched_at DESC LIMIT ?3
