SELECT fingerprint, status, headers, body, kept_at FROM first_answers WHERE owner = ?1
