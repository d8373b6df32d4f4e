#pragma once

#include <cstdint>

#include "base/mutex.h"
#include "base/rng.h"
#include "ports/clock.h"
#include "ports/http_client.h"

namespace waybill {

struct HttpRetryOptions {
  int attempts_max = 4;  ///< >= 1
  Duration backoff_first = std::chrono::milliseconds(200);
  Duration backoff_max = std::chrono::seconds(20);
  Duration total_max = std::chrono::minutes(1);  ///< no attempt begins later than this
  /// Repeats that may be made in a row without an answer; each answer earns `budget_earned` of one.
  /// So an outage costs at most this many requests more, whatever the number of callers.
  double budget_max = 50;
  double budget_earned = 0.1;
  /// Whether a refusal (4xx) says that it was not carried out and may be later, as some services
  /// have it. Null: none does.
  bool (*asks_again)(const HttpResponse& response) = nullptr;
};

/// Attempts by what became of them; they only grow.
struct HttpRetryCounts {
  std::uint64_t answered = 0;          ///< any answer or error that is not tried again
  std::uint64_t retried = 0;           ///< followed by another attempt
  std::uint64_t attempts_used_up = 0;  ///< the last of `attempts_max`
  std::uint64_t time_used_up = 0;      ///< the next one would come too late
  std::uint64_t budget_used_up = 0;    ///< too many repeats without an answer
  std::uint64_t stopped = 0;           ///< asked to stop while it waited for the next attempt

  bool operator==(const HttpRetryCounts&) const = default;
};

/// Repeats what was answered 408, 429, 500, 502, 503 or 504, or `asks_again`, or failed
/// `unavailable` or `aborted`; never before the server's Retry-After is over. A request with
/// Repeat::never is repeated only where it was certainly not carried out: `unavailable`, 429 and
/// `asks_again`. When it gives up, the last answer or error is the result. Thread-safe; blocks.
class RetryingHttpClient final : public HttpClient {
 public:
  RetryingHttpClient(HttpClient& inner, Clock& clock, Rng rng, HttpRetryOptions options = {});

  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override;
  /// The first attempts of all at once; what has to be repeated, one after the other.
  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests,
                                             const Deadline& deadline) override;
  HttpRetryCounts counts() const;

 private:
  /// What becomes of a request after the first attempt.
  Result<HttpResponse> repeat(const HttpRequest& request, const Deadline& deadline,
                              SteadyTime latest, Result<HttpResponse> result);
  Duration backoff(int attempt) EXCLUDES(mutex_);
  bool take_from_budget() EXCLUDES(mutex_);
  void count(std::uint64_t HttpRetryCounts::*outcome) EXCLUDES(mutex_);

  HttpClient& inner_;
  Clock& clock_;
  const HttpRetryOptions options_;
  mutable Mutex mutex_;
  Rng rng_ GUARDED_BY(mutex_);
  double budget_ GUARDED_BY(mutex_);
  HttpRetryCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace waybill
