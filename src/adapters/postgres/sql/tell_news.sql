-- That something was committed: a hint for programs that follow. $1: whose.
SELECT pg_notify('waybill', $1)
