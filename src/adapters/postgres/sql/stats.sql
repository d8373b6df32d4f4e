SELECT current_database() || '.waybill', schema_version,
       (SELECT coalesce(sum(change_count), 0)::bigint FROM waybill.events),
       (SELECT count(*) FROM waybill.forever_keys AS k
        WHERE NOT EXISTS (SELECT FROM waybill.ids AS i WHERE i.id = k.id)),
       (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = 'waybill'::regnamespace AND c.relkind = 'r')
FROM waybill.ledger
