#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ports/queue.h"

namespace waybill::cli {

/// A queue that is made at its broker before it is first published to, and again when it was
/// deleted. Thread-safe. Only for publishing.
class MadeQueue final : public Queue {
 public:
  /// `make` makes it, and answers how to reach it; what that needs outlives this.
  using Make = std::function<Result<std::unique_ptr<Queue>>()>;
  explicit MadeQueue(Make make) : make_(std::move(make)) {}

  QueueCaps caps() const override { return {.durable = true, .receives = false}; }
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

 private:
  const Make make_;
  Mutex mutex_;
  std::unique_ptr<Queue> made_ GUARDED_BY(mutex_);
};

}  // namespace waybill::cli
