INSERT INTO waybill.audit (at, who, origin, operation, subject, count, outcome, reason)
SELECT at, who, origin, operation, subject, count, outcome, reason
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
            $7::bigint[], $8::text[])
  WITH ORDINALITY AS e (at, who, origin, operation, subject, count, outcome, reason, place)
ORDER BY place
