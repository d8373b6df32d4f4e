-- From (attempt $2, number $3) on: about $4 bytes, at least a chunk, and at most $5 chunks.
SELECT attempt, number, at, stream, bytes FROM (
  SELECT attempt, number, at, stream, bytes,
         sum(octet_length(bytes)) OVER (ORDER BY attempt, number ROWS UNBOUNDED PRECEDING)
           - octet_length(bytes) AS before
  FROM waybill.log_chunks
  WHERE task = $1 AND (attempt, number) >= ($2, $3)
  ORDER BY attempt, number
  LIMIT $5
) AS c
WHERE before < $4
ORDER BY attempt, number
