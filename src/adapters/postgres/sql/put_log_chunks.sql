-- Chunks of one or more attempts, each in its order. `before` is how many its writer had written
-- before these, or null: those of them that are there are not written again. A rival with the same
-- numbers is an error, and the statement is run again. Its commit does not wait for the disk, as
-- output in files would not: the next one that does, which ends the task, takes it along.
WITH lazily AS MATERIALIZED (
  SELECT set_config('synchronous_commit', 'off', true)
), given AS (
  SELECT task, attempt, before, at, stream, bytes,
         row_number() OVER (PARTITION BY task, attempt ORDER BY position) - 1 AS place
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])
    WITH ORDINALITY AS c (task, attempt, before, at, stream, bytes, position)
), attempts AS MATERIALIZED (
  SELECT task, attempt, coalesce(
    (SELECT number + 1 FROM waybill.log_chunks AS l
     WHERE l.task = g.task AND l.attempt = g.attempt ORDER BY number DESC LIMIT 1), 0) AS there
  FROM (SELECT DISTINCT task, attempt FROM given) AS g
)
INSERT INTO waybill.log_chunks (task, attempt, number, at, stream, bytes)
SELECT g.task, g.attempt, a.there + g.place - p.passed_over, g.at, g.stream, g.bytes
FROM lazily CROSS JOIN given AS g JOIN attempts AS a USING (task, attempt)
CROSS JOIN LATERAL (SELECT greatest(a.there - coalesce(g.before, a.there), 0) AS passed_over) AS p
WHERE g.place >= p.passed_over
