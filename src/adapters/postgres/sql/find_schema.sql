SELECT to_regnamespace('waybill') IS NOT NULL,
       to_regclass('waybill.ledger') IS NOT NULL,
       EXISTS (SELECT FROM pg_catalog.pg_class
               WHERE relnamespace = to_regnamespace('waybill') AND relkind = 'r')
