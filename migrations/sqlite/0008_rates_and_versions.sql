-- How many requests a second a token may send; 0: as many as the server's settings say.
ALTER TABLE tokens ADD COLUMN rate_limit INTEGER NOT NULL DEFAULT 0
  CHECK (rate_limit BETWEEN 0 AND 100000);
-- What a worker says that it is.
ALTER TABLE workers ADD COLUMN version TEXT NOT NULL DEFAULT '';
