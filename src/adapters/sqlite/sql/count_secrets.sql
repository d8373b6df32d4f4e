SELECT count(*) FROM secrets
