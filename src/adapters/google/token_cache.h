#pragma once

#include <optional>
#include <string>

#include "adapters/google/settings.h"
#include "base/mutex.h"

namespace waybill::google {

/// Keeps the token that `fetch` gives and renews it 3 min 45 s before it expires (the metadata
/// server keeps one until 5 minutes before): one thread fetches, the others wait only if what is
/// kept has expired. While fetching fails, what is kept is used until it expires, and fetching is
/// tried again after 10 seconds. A thread that gives up by its own deadline leaves the fetching to
/// the next. `clock` must outlive it.
class TokenCache final : public TokenSource {
 public:
  TokenCache(std::string identity, Fetch fetch, Clock& clock);

  Result<std::string> token(const Deadline& deadline) override;
  std::string identity() const override { return identity_; }

 private:
  /// Waits until a token or an error is there, or it is this thread's turn to fetch: then none.
  std::optional<Result<std::string>> kept_or_turn(const Deadline& deadline) EXCLUDES(mutex_);
  Result<std::string> take(Result<Token> fresh) EXCLUDES(mutex_);

  const std::string identity_;
  const Fetch fetch_;
  Clock& clock_;
  Mutex mutex_;
  Condition changed_;
  std::optional<Token> kept_ GUARDED_BY(mutex_);
  std::optional<Error> failure_ GUARDED_BY(mutex_);  // of the last fetch
  Time next_fetch_at_ GUARDED_BY(mutex_){};
  std::uint64_t fetches_ GUARDED_BY(mutex_) = 0;
  bool fetching_ GUARDED_BY(mutex_) = false;
};

}  // namespace waybill::google
