SELECT owner, fingerprint, status, headers, body, kept_at FROM waybill.first_answers
WHERE owner = $1
