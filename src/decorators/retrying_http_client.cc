#include "decorators/retrying_http_client.h"

#include <algorithm>

namespace waybill {
namespace {

bool may_repeat(const Result<HttpResponse>& result, Repeat repeat,
                const HttpRetryOptions& options) {
  const bool safe = repeat == Repeat::safe;
  if (!result) {
    const Code code = result.error().code;
    return code == Code::unavailable || (safe && code == Code::aborted);
  }
  switch (result->status) {
    case 429:
      return true;
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
      return safe;
    default:
      return result->status / 100 == 4 && options.asks_again != nullptr &&
             options.asks_again(*result);
  }
}

}  // namespace

RetryingHttpClient::RetryingHttpClient(HttpClient& inner, Clock& clock, Rng rng,
                                       HttpRetryOptions options)
    : inner_(inner), clock_(clock), options_(options), rng_(rng), budget_(options.budget_max) {}

Result<HttpResponse> RetryingHttpClient::send(const HttpRequest& request,
                                              const Deadline& deadline) {
  const SteadyTime latest = std::min(deadline.at, clock_.steady_now() + options_.total_max);
  return repeat(request, deadline, latest, inner_.send(request, deadline));
}

std::vector<Result<HttpResponse>> RetryingHttpClient::send_all(
    std::span<const HttpRequest> requests, const Deadline& deadline) {
  const SteadyTime latest = std::min(deadline.at, clock_.steady_now() + options_.total_max);
  std::vector<Result<HttpResponse>> results = inner_.send_all(requests, deadline);
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = repeat(requests[i], deadline, latest, std::move(results[i]));
  }
  return results;
}

Result<HttpResponse> RetryingHttpClient::repeat(const HttpRequest& request,
                                                const Deadline& deadline, SteadyTime latest,
                                                Result<HttpResponse> result) {
  for (int attempt = 1;; ++attempt) {
    if (!may_repeat(result, request.repeat, options_)) {
      count(&HttpRetryCounts::answered);
      return result;
    }
    if (attempt >= options_.attempts_max) {
      count(&HttpRetryCounts::attempts_used_up);
      return result;
    }
    Duration delay = backoff(attempt);
    if (result) delay = std::max(delay, retry_after(*result, clock_.now()));
    const SteadyTime next = clock_.steady_now() + delay;
    if (next >= latest) {
      count(&HttpRetryCounts::time_used_up);
      return result;
    }
    if (!take_from_budget()) {
      count(&HttpRetryCounts::budget_used_up);
      return result;
    }
    clock_.wait_until(next, deadline.stop);
    if (deadline.stop_requested()) {
      count(&HttpRetryCounts::stopped);
      return fail(Code::cancelled, "waiting to repeat an HTTP request: stopped");
    }
    count(&HttpRetryCounts::retried);
    result = inner_.send(request, deadline);
  }
}

/// Doubled with each attempt; the upper half of it is left to chance, so that callers who failed
/// together do not come back together.
Duration RetryingHttpClient::backoff(int attempt) {
  Duration delay = std::min(options_.backoff_first, options_.backoff_max);
  for (int i = 1; i < attempt && delay < options_.backoff_max; ++i) {
    delay = delay > options_.backoff_max / 2 ? options_.backoff_max : delay * 2;
  }
  const Lock lock(mutex_);
  const double part = 0.5 + 0.5 * rng_.unit();
  return Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) * part));
}

bool RetryingHttpClient::take_from_budget() {
  const Lock lock(mutex_);
  if (budget_ < 1) return false;
  budget_ -= 1;
  return true;
}

void RetryingHttpClient::count(std::uint64_t HttpRetryCounts::*outcome) {
  const Lock lock(mutex_);
  ++(counts_.*outcome);
  if (outcome == &HttpRetryCounts::answered) {
    budget_ = std::min(options_.budget_max, budget_ + options_.budget_earned);
  }
}

HttpRetryCounts RetryingHttpClient::counts() const {
  const Lock lock(mutex_);
  return counts_;
}

}  // namespace waybill
