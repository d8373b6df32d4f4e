#include "adapters/aws/credential_cache.h"

#include <algorithm>
#include <utility>

namespace waybill::aws {
namespace {

constexpr Duration kRenewBefore = std::chrono::minutes(5);
constexpr Duration kWaitAfterFailure = std::chrono::seconds(10);

}  // namespace

CredentialCache::CredentialCache(std::string identity, Fetch fetch, Clock& clock)
    : identity_(std::move(identity)), fetch_(std::move(fetch)), clock_(clock) {}

Result<AwsCredentials> CredentialCache::credentials(const Deadline& deadline) {
  {
    Lock lock(mutex_);
    const Time now = clock_.now();
    const bool is_usable = kept_ && now < kept_->expires_at;
    if (is_usable && (fetching_ || now < next_fetch_at_)) return *kept_;
    if (fetching_) {
      const std::uint64_t before = fetches_;
      while (fetches_ == before) fetched_.wait(lock);
      if (failure_) return fail(*failure_);
      return *kept_;
    }
    fetching_ = true;
  }
  auto fresh = fetch_(deadline);
  Lock lock(mutex_);
  const Time now = clock_.now();
  fetching_ = false;
  ++fetches_;
  fetched_.notify_all();
  if (fresh) {
    kept_ = *fresh;
    failure_.reset();
    next_fetch_at_ = std::max(kept_->expires_at - kRenewBefore, now + kWaitAfterFailure);
    return fresh;
  }
  if (kept_ && now < kept_->expires_at) {
    failure_.reset();
    next_fetch_at_ = now + kWaitAfterFailure;
    return *kept_;
  }
  failure_ = fresh.error();
  return fresh;
}

}  // namespace waybill::aws
