INSERT INTO first_answers (owner, fingerprint, status, headers, body, kept_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (owner) DO NOTHING
