-- Where numbering goes on, after all rows have been written: sequences follow no transaction, and
-- what they skip harms nobody.
SELECT
  (SELECT setval(pg_get_serial_sequence('waybill.lanes', 'lane'), max(lane)) FROM waybill.lanes),
  (SELECT setval(pg_get_serial_sequence('waybill.audit', 'sequence'), max(sequence))
   FROM waybill.audit),
  (SELECT setval(pg_get_serial_sequence('waybill.runs', 'number'), max(number)) FROM waybill.runs)
