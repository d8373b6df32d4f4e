#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/mutex.h"
#include "base/result.h"
#include "core/fetch/robots.h"
#include "ports/clock.h"
#include "ports/http_streams.h"

namespace waybill {

/// The name by which servers know Waybill in their robots.txt.
inline constexpr std::string_view kRobotsProduct = "waybill";

struct RobotsCacheParams {
  Duration fresh = std::chrono::hours(1);
  Duration fresh_failure = std::chrono::minutes(1);  ///< of a file that could not be had
  std::size_t servers_max = 1000;                    ///< then the oldest are forgotten
  int redirects_max = 5;
};

/// The robots.txt of servers, each asked for once in a while (RFC 9309). Thread-safe; the clock
/// outlives it.
class RobotsCache {
 public:
  explicit RobotsCache(Clock& clock, RobotsCacheParams params = {})
      : clock_(clock), params_(params) {}

  /// What the server of a URL says. Blocks until it is there; one thread fetches it for all. A file
  /// that is not there (4xx) allows all; `unavailable` with `retry_after` where the server fails,
  /// is not reached or asks to be left alone: then nothing may be asked of it. Else as HttpStreams.
  Result<std::shared_ptr<const RobotsRules>> rules(const std::string& url, HttpStreams& http,
                                                   const Deadline& deadline) EXCLUDES(mutex_);

 private:
  using Rules = std::shared_ptr<const RobotsRules>;
  struct Entry {
    std::optional<Result<Rules>> answer;  ///< none: it is being fetched
    SteadyTime until{};
  };
  Result<Rules> fetch(const std::string& origin, HttpStreams& http, const Deadline& deadline);
  void make_room() REQUIRES(mutex_);

  Clock& clock_;
  const RobotsCacheParams params_;
  Mutex mutex_;
  Condition changed_;
  std::map<std::string, Entry> entries_ GUARDED_BY(mutex_);  // by origin
};

}  // namespace waybill
