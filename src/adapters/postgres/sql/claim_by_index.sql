-- For what follows in this transaction. The planner knows of no ready tasks until the table is
-- analysed, a minute after thousands came: then it would read and sort all of them for each claim,
-- in place of the first of the index.
SELECT set_config('enable_bitmapscan', 'off', true)
