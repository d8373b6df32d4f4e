SELECT count(*) FROM spent_keys
