-- That something was committed: a hint for programs that follow. $1: whose, and the newest sequence
-- that it knows of.
SELECT pg_notify('waybill', $1)
