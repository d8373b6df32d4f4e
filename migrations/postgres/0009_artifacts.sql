-- The files that attempts left behind. Those of a task's fence count, while it is leased and once it
-- has succeeded; others are of attempts that came to nothing, and go with the next one's or the task.
CREATE TABLE waybill.artifacts (
  task bigint NOT NULL,
  name text COLLATE "C" NOT NULL CHECK (length(name) > 0),
  fence bigint NOT NULL CHECK (fence > 0),
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  media_type text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (task, name)
);
CREATE INDEX artifacts_by_content ON waybill.artifacts (sha256);

-- Contents that are being removed: until they are gone no artifact may come to have them. Who
-- condemns holds a lock alone, who records shares it, so that neither misses the other.
CREATE TABLE waybill.condemned_contents (
  sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
  at bigint NOT NULL
);
CREATE INDEX condemned_contents_by_age ON waybill.condemned_contents (at);
