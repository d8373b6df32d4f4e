-- The files that attempts left behind. Those of a task's fence count, while it is leased and once it
-- has succeeded; others are of attempts that came to nothing, and go with the next one's or the task.
CREATE TABLE artifacts (
  task INTEGER NOT NULL,
  name TEXT NOT NULL CHECK (length(name) > 0),
  fence INTEGER NOT NULL CHECK (fence > 0),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  media_type TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (task, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifacts_by_content ON artifacts (sha256);

-- Contents that are being removed: until they are gone no artifact may come to have them.
CREATE TABLE condemned_contents (
  sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX condemned_contents_by_age ON condemned_contents (at);
