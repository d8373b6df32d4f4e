DELETE FROM plans WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.plan = plans.digest)
