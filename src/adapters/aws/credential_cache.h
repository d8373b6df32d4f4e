#pragma once

#include <optional>
#include <string>

#include "adapters/aws/fetchers.h"
#include "base/mutex.h"

namespace waybill::aws {

/// Keeps what `fetch` gives and renews it 5 minutes before it expires: one thread fetches, the
/// others wait only if what is kept has expired. While fetching fails, what is kept is used until
/// it expires, and fetching is tried again after 10 seconds. `clock` must outlive it.
class CredentialCache final : public AwsCredentialSource {
 public:
  CredentialCache(std::string identity, Fetch fetch, Clock& clock);

  Result<AwsCredentials> credentials(const Deadline& deadline) override;
  std::string identity() const override { return identity_; }

 private:
  const std::string identity_;
  const Fetch fetch_;
  Clock& clock_;
  Mutex mutex_;
  Condition fetched_;
  std::optional<AwsCredentials> kept_ GUARDED_BY(mutex_);
  std::optional<Error> failure_ GUARDED_BY(mutex_);  // of the last fetch
  Time next_fetch_at_ GUARDED_BY(mutex_){};
  std::uint64_t fetches_ GUARDED_BY(mutex_) = 0;
  bool fetching_ GUARDED_BY(mutex_) = false;
};

}  // namespace waybill::aws
