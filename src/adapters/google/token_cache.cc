#include "adapters/google/token_cache.h"

#include <algorithm>
#include <utility>

namespace waybill::google {
namespace {

constexpr Duration kRenewBefore = std::chrono::seconds(225);
constexpr Duration kWaitAfterFailure = std::chrono::seconds(10);
constexpr Duration kFetchMax = std::chrono::seconds(30);

/// Whether the one that fetched was stopped, which says nothing about the token.
bool gave_up(const Error& error) {
  return error.code == Code::cancelled || error.code == Code::deadline_exceeded;
}

}  // namespace

TokenCache::TokenCache(std::string identity, Fetch fetch, Clock& clock)
    : identity_(std::move(identity)), fetch_(std::move(fetch)), clock_(clock) {}

std::optional<Result<std::string>> TokenCache::kept_or_turn(const Deadline& deadline) {
  const std::stop_callback wake(deadline.stop, [this] {
    const Lock lock(mutex_);
    changed_.notify_all();
  });
  Lock lock(mutex_);
  for (;;) {
    const Time now = clock_.now();
    const bool is_usable = kept_ && now < kept_->expires_at;
    if (is_usable && (fetching_ || now < next_fetch_at_)) return kept_->text;
    if (!fetching_) {
      fetching_ = true;
      return std::nullopt;
    }
    const std::uint64_t before = fetches_;
    const SteadyTime until = std::min(deadline.at, clock_.steady_now() + kFetchMax);
    while (fetches_ == before) {
      if (deadline.stop_requested()) return fail(Code::cancelled, "waiting for a token: stopped");
      if (clock_.steady_now() >= until) {
        return fail(Code::deadline_exceeded, "waiting for a token: it took too long");
      }
      changed_.wait_until(lock, until);
    }
    if (failure_ && !gave_up(*failure_)) return fail(*failure_);
  }
}

Result<std::string> TokenCache::take(Result<Token> fresh) {
  const Lock lock(mutex_);
  const Time now = clock_.now();
  fetching_ = false;
  ++fetches_;
  changed_.notify_all();
  failure_.reset();
  if (fresh) {
    kept_ = *std::move(fresh);
    next_fetch_at_ = std::max(kept_->expires_at - kRenewBefore, now + kWaitAfterFailure);
    return kept_->text;
  }
  if (kept_ && now < kept_->expires_at) {
    next_fetch_at_ = now + kWaitAfterFailure;
    return kept_->text;
  }
  failure_ = fresh.error();
  return fail(fresh.error());
}

Result<std::string> TokenCache::token(const Deadline& deadline) {
  if (auto answer = kept_or_turn(deadline)) return *std::move(answer);
  return take(fetch_(
      {.at = std::min(deadline.at, clock_.steady_now() + kFetchMax), .stop = deadline.stop}));
}

}  // namespace waybill::google
