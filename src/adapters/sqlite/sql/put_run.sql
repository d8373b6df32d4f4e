INSERT INTO runs (id, pipeline, plan, params, priority, reuse_from, anew, created_by, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING
