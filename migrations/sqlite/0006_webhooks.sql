-- Addresses that are told of changes, how far each is told, and what it has to be told again.
CREATE TABLE webhooks (
  name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  settings TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
  wait_until INTEGER NOT NULL DEFAULT 0,
  succeeded_at INTEGER NOT NULL DEFAULT 0,
  failed_at INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  gaps INTEGER NOT NULL DEFAULT 0 CHECK (gaps >= 0),
  holder TEXT NOT NULL DEFAULT '',
  held_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL CHECK (changed_at >= created_at),
  changed_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Without next_at: it was given up.
CREATE TABLE webhook_deliveries (
  webhook TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts > 0),
  next_at INTEGER,
  status INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (webhook, sequence)
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, next_at);
