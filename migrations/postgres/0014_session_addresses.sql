-- From which address a session was used last; empty: nobody has noted it yet.
ALTER TABLE waybill.sessions ADD COLUMN seen_from text NOT NULL DEFAULT '';
