-- Collections of URLs, what was fetched from them, and what is said of that. Times are 0 where there
-- is none.
CREATE TABLE collections (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  creator TEXT NOT NULL,
  index_cid TEXT NOT NULL,
  indexed_at INTEGER NOT NULL CHECK ((indexed_at = 0) = (index_cid = '')),
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL CHECK (changed_at >= created_at)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX collections_by_url ON collections (url) WHERE url <> '';

-- Failure: 0 none, 1 transient, 2 permanent, of the last try; what came of an earlier one stays.
CREATE TABLE collection_items (
  collection BLOB NOT NULL CHECK (length(collection) = 16),
  position INTEGER NOT NULL CHECK (position > 0),
  url TEXT NOT NULL CHECK (length(url) > 0),
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  tried_at INTEGER NOT NULL,
  fetched_at INTEGER NOT NULL CHECK (fetched_at <= tried_at),
  failure INTEGER NOT NULL CHECK (failure BETWEEN 0 AND 2),
  status INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  media_type TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  cid TEXT NOT NULL CHECK (cid = '' OR fetched_at > 0),
  header_cid TEXT NOT NULL,
  error TEXT NOT NULL CHECK ((error = '') = (failure = 0)),
  PRIMARY KEY (collection, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX collection_items_by_url ON collection_items (collection, url);

CREATE TABLE snapshots (
  url TEXT NOT NULL CHECK (length(url) > 0),
  fetched_at INTEGER NOT NULL CHECK (fetched_at > 0),
  took_ms INTEGER NOT NULL CHECK (took_ms >= 0),
  status INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  media_type TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  cid TEXT NOT NULL,
  header_cid TEXT NOT NULL,
  PRIMARY KEY (url, fetched_at)
) STRICT, WITHOUT ROWID;

-- Of one content nothing is said twice: the digest is of the JSON with sorted keys.
CREATE TABLE metadata (
  subject TEXT NOT NULL CHECK (length(subject) > 0),
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  meta TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (subject, hash)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX metadata_by_digest ON metadata (subject, digest);
