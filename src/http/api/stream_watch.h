#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "core/access.h"
#include "http/body_stream.h"
#include "http/message.h"
#include "services/service.h"

namespace waybill::http {

/// Asks of each open stream every few seconds whether who opened it would still be let in, and ends
/// it if not: a token was revoked or ran out, a session was ended, a role is no longer enough.
/// Thread-safe; step() runs on one thread.
class StreamWatch final : public Service {
 public:
  /// Why such a request is refused now; none: it is not, or nobody can say.
  using Check = std::function<std::optional<Error>(const Request& request, Right right)>;
  explicit StreamWatch(Check check) : check_(std::move(check)) {}

  /// Watches a stream until it is closed, or was ended.
  void watch(const std::shared_ptr<BodyStream>& stream, const Request& request, Right right);

  std::string_view name() const override { return "stream_watch"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Watched {
    std::weak_ptr<BodyStream> stream;  // who sends and who fills it have it
    Request request;                   // what says who asks, and no more
    Right right = Right::read;
    bool ended = false;
  };

  const Check check_;
  std::vector<Watched> watched_;  // of the thread of step() alone
  Mutex mutex_;
  std::vector<Watched> added_ GUARDED_BY(mutex_);
};

}  // namespace waybill::http
