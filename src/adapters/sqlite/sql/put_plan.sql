INSERT INTO plans (digest, plan) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING
