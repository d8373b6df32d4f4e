-- Collections of URLs, what was fetched from them, and what is said of that. Times are 0 where there
-- is none.
CREATE TABLE waybill.collections (
  id uuid NOT NULL PRIMARY KEY,
  url text COLLATE "C" NOT NULL,
  title text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  creator text COLLATE "C" NOT NULL,
  index_cid text COLLATE "C" NOT NULL,
  indexed_at bigint NOT NULL CHECK ((indexed_at = 0) = (index_cid = '')),
  created_at bigint NOT NULL,
  changed_at bigint NOT NULL CHECK (changed_at >= created_at)
);
CREATE UNIQUE INDEX collections_by_url ON waybill.collections (url) WHERE url <> '';

-- Failure: 0 none, 1 transient, 2 permanent, of the last try; what came of an earlier one stays.
CREATE TABLE waybill.collection_items (
  collection uuid NOT NULL,
  position bigint NOT NULL CHECK (position > 0),
  url text COLLATE "C" NOT NULL CHECK (length(url) > 0),
  title text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  tried_at bigint NOT NULL,
  fetched_at bigint NOT NULL CHECK (fetched_at <= tried_at),
  failure bigint NOT NULL CHECK (failure BETWEEN 0 AND 2),
  status bigint NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  media_type text COLLATE "C" NOT NULL,
  sha256 text COLLATE "C" NOT NULL,
  cid text COLLATE "C" NOT NULL CHECK (cid = '' OR fetched_at > 0),
  header_cid text COLLATE "C" NOT NULL,
  error text COLLATE "C" NOT NULL CHECK ((error = '') = (failure = 0)),
  PRIMARY KEY (collection, position)
);
CREATE UNIQUE INDEX collection_items_by_url ON waybill.collection_items (collection, url);

CREATE TABLE waybill.snapshots (
  url text COLLATE "C" NOT NULL CHECK (length(url) > 0),
  fetched_at bigint NOT NULL CHECK (fetched_at > 0),
  took_ms bigint NOT NULL CHECK (took_ms >= 0),
  status bigint NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  media_type text COLLATE "C" NOT NULL,
  sha256 text COLLATE "C" NOT NULL,
  cid text COLLATE "C" NOT NULL,
  header_cid text COLLATE "C" NOT NULL,
  PRIMARY KEY (url, fetched_at)
);

-- Of one content nothing is said twice: the digest is of the JSON with sorted keys.
CREATE TABLE waybill.metadata (
  subject text COLLATE "C" NOT NULL CHECK (length(subject) > 0),
  hash text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  meta text COLLATE "C" NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  PRIMARY KEY (subject, hash)
);
CREATE UNIQUE INDEX metadata_by_digest ON waybill.metadata (subject, digest);
