-- A name for what this program tells, so that it passes over its own news.
SELECT gen_random_uuid()::text
