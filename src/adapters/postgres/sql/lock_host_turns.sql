SELECT host, state FROM waybill.host_turns WHERE host = ANY ($1::text[])
ORDER BY host FOR UPDATE
