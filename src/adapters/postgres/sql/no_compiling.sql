-- The planner takes the few rows that follow for millions, and would compile for half a second.
SELECT set_config('jit', 'off', true)
