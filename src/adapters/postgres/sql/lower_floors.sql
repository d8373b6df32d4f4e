-- Where tasks have become ready, of lanes ($1) with these ranks ($2).
UPDATE waybill.floors AS f SET rank = fresh.rank, handle = 0
FROM unnest($1, $2) AS fresh (lane, rank)
WHERE f.lane = fresh.lane AND (f.rank, f.handle) > (fresh.rank, 0)
