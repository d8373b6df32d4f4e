-- The output of tasks. Of each attempt there is one writer at a time; its chunks are numbered in
-- the order in which they were written, without gaps. What is longer than 2 KB is compressed.
CREATE TABLE waybill.log_chunks (
  task uuid NOT NULL,
  number bigint NOT NULL CHECK (number >= 0),
  at bigint NOT NULL,
  attempt bigint NOT NULL CHECK (attempt >= 0),
  stream smallint NOT NULL CHECK (stream BETWEEN 0 AND 2),  -- 0 stdout, 1 stderr, 2 system
  bytes bytea NOT NULL CHECK (octet_length(bytes) > 0),
  PRIMARY KEY (task, attempt, number)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0,
        toast.autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_cost_delay = 0);

-- LZ4 costs a fraction of the time that the server's own compression takes, but not every server
-- has it: it came with version 14, and is an option of its build.
DO $$
BEGIN
  EXECUTE 'ALTER TABLE waybill.log_chunks ALTER COLUMN bytes SET COMPRESSION lz4';
EXCEPTION
  WHEN syntax_error OR feature_not_supported OR invalid_parameter_value THEN NULL;
END $$;
