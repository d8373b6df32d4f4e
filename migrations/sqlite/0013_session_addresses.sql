-- From which address a session was used last; empty: nobody has noted it yet.
ALTER TABLE sessions ADD COLUMN seen_from TEXT NOT NULL DEFAULT '';
