-- Addresses that are told of changes, how far each is told, and what it has to be told again.
CREATE TABLE waybill.webhooks (
  name text COLLATE "C" PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  id uuid NOT NULL UNIQUE,
  settings text COLLATE "C" NOT NULL,
  state smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
  sequence bigint NOT NULL CHECK (sequence >= 0),
  failures bigint NOT NULL DEFAULT 0 CHECK (failures >= 0),
  wait_until bigint NOT NULL DEFAULT 0,
  succeeded_at bigint NOT NULL DEFAULT 0,
  failed_at bigint NOT NULL DEFAULT 0,
  status bigint NOT NULL DEFAULT 0,
  error text COLLATE "C" NOT NULL DEFAULT '',
  gaps bigint NOT NULL DEFAULT 0 CHECK (gaps >= 0),
  holder text COLLATE "C" NOT NULL DEFAULT '',
  held_until bigint NOT NULL DEFAULT 0,  -- by the database's clock
  created_at bigint NOT NULL,
  changed_at bigint NOT NULL CHECK (changed_at >= created_at),
  changed_by text COLLATE "C" NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

-- Without next_at: it was given up.
CREATE TABLE waybill.webhook_deliveries (
  webhook text COLLATE "C" NOT NULL REFERENCES waybill.webhooks (name) ON DELETE CASCADE,
  sequence bigint NOT NULL,
  attempts bigint NOT NULL CHECK (attempts > 0),
  next_at bigint,
  status bigint NOT NULL,
  error text COLLATE "C" NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (webhook, sequence)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
CREATE INDEX webhook_deliveries_due ON waybill.webhook_deliveries (webhook, next_at);
