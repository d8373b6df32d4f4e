-- Keeps partitions from being taken out or made until the transaction ends. It takes no snapshot.
LOCK TABLE waybill.finished IN ACCESS SHARE MODE
