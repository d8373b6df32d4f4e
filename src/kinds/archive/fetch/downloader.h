#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "kinds/archive/fetch/order.h"
#include "kinds/archive/fetch/partial_file.h"
#include "ports/clock.h"
#include "ports/http_streams.h"

namespace waybill {

struct DownloadParams {
  std::string directory;  ///< of what is under way
  std::int64_t bytes_per_second_min = 1024;
  Duration slow_max = std::chrono::seconds(60);
  int redirects_max = 10;
  int fresh_starts_max = 3;  ///< of one URL in an attempt, where what came cannot be gone on with
  std::int64_t free_bytes_min = std::int64_t{128} << 20;  ///< of the disk, afterwards
  /// A content is kept a second time, on the same disk as far as can be told.
  bool counts_copy = true;
};

/// What a download has come to.
struct Downloaded {
  bool is_modified = true;  ///< false: it is still what the order says, and nothing was fetched
  std::string url;          ///< that it came from in the end
  std::string media_type;   ///< as the server says; may be empty
  std::string content_encoding;
  std::string etag;
  std::string last_modified;
  std::string sha256;
  std::int64_t size_bytes = 0;
  /// By what it was checked: "sha256", "sha256_url", "metalink", "repr-digest", "digest"; empty: by
  /// nothing.
  std::vector<std::string> checked;
};

/// Fetches over HTTP to a file: from mirrors in turn, going on where a connection or an attempt
/// ended, and checked by all digests that it is told. Thread-safe; blocks.
class Downloader {
 public:
  /// All of it outlives the downloader.
  Downloader(HttpStreams& http, Clock& clock, DownloadParams params)
      : http_(http), clock_(clock), params_(std::move(params)) {}

  /// Bytes that are there, and of the whole (-1: not known).
  using Progress = std::function<void(std::int64_t done, std::int64_t total)>;
  struct Terms {
    const FetchOrder& order;
    Progress progress;
    std::function<void(const std::string&)> log;  ///< a line
    Deadline deadline;
  };
  /// Into `partial`. Errors, where all URLs failed that of which most may be hoped: `not_found`,
  /// `permission_denied` (by the server, or an address that must not be reached),
  /// `failed_precondition` (other refusals, a certificate, redirects without end, no encryption),
  /// `invalid_argument` (no URL), `out_of_range` (too large); and, which may pass, `unavailable`,
  /// `aborted` (cut off, too slow), `deadline_exceeded`, `resource_exhausted` (disk),
  /// `data_loss` (a digest or a length that is not right: what came of it is gone); `cancelled`.
  Result<Downloaded> fetch(const Terms& terms, PartialFile& partial);

 private:
  Result<Downloaded> fetch_from(const std::string& url, const std::string& expected,
                                const Terms& terms, PartialFile& partial);
  Result<std::string> expected_digest(const Terms& terms);

  HttpStreams& http_;
  Clock& clock_;
  const DownloadParams params_;
};

}  // namespace waybill
