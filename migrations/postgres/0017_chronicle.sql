-- What scans found and what definitions said, to be looked at. The digest tells two of the same name
-- apart.
CREATE TABLE waybill.scan_passes (
  scan text COLLATE "C" NOT NULL CHECK (length(scan) > 0),
  number bigint NOT NULL CHECK (number > 0),
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  passes bigint NOT NULL CHECK (passes > 0),
  error text COLLATE "C" NOT NULL,
  summary text COLLATE "C" NOT NULL,
  report bytea NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  PRIMARY KEY (scan, number)
);

CREATE TABLE waybill.definition_versions (
  map text COLLATE "C" NOT NULL CHECK (map IN ('tasks', 'pipelines')),
  name text COLLATE "C" NOT NULL CHECK (length(name) > 0),
  number bigint NOT NULL CHECK (number > 0),
  since bigint NOT NULL,
  repository text COLLATE "C" NOT NULL,
  commit_id text COLLATE "C" NOT NULL CHECK ((commit_id = '') = (repository = '')),
  file text COLLATE "C" NOT NULL,
  line bigint NOT NULL,
  definition text COLLATE "C" NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  PRIMARY KEY (map, name, number)
);
