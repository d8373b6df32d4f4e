-- What scans found and what definitions said, to be looked at. The digest tells two of the same name
-- apart.
CREATE TABLE scan_passes (
  scan TEXT NOT NULL CHECK (length(scan) > 0),
  number INTEGER NOT NULL CHECK (number > 0),
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  passes INTEGER NOT NULL CHECK (passes > 0),
  error TEXT NOT NULL,
  summary TEXT NOT NULL,
  report BLOB NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (scan, number)
) STRICT;

CREATE TABLE definition_versions (
  map TEXT NOT NULL CHECK (map IN ('tasks', 'pipelines')),
  name TEXT NOT NULL CHECK (length(name) > 0),
  number INTEGER NOT NULL CHECK (number > 0),
  since INTEGER NOT NULL,
  repository TEXT NOT NULL,
  commit_id TEXT NOT NULL CHECK ((commit_id = '') = (repository = '')),
  file TEXT NOT NULL,
  line INTEGER NOT NULL,
  definition TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (map, name, number)
) STRICT;
