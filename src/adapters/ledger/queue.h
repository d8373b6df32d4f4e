#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/definition.h"
#include "ports/ledger.h"
#include "ports/queue.h"

namespace waybill {

struct LedgerQueueOptions {
  TaskDefinition definition;  ///< what each message becomes a task of
  std::string created_by;
  /// Says whether the task can ever run. Empty: check_request alone decides.
  std::function<Status(const TaskRequest&)> check_task;
  std::size_t body_bytes_max = kParamsBytesMax;
};

/// Messages become tasks of a ledger: the body is the task's params, attributes are its labels, and
/// `Message.dedup_key` (else the id) keeps a second one out for ever. The task's id is the UUIDv5
/// of that key. Publish-only: workers claim the tasks. Thread-safe; `ledger` outlives it.
class LedgerQueue final : public Queue {
 public:
  LedgerQueue(Ledger& ledger, LedgerQueueOptions options);

  QueueCaps caps() const override;
  /// A message whose key is held is answered as one that was taken. Besides what the port says,
  /// `invalid_argument` for what `check_task` refuses.
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  Status extend(std::span<const std::string> receipts, Duration visibility) override;
  /// How many messages made no second task.
  std::int64_t duplicates() const { return duplicates_; }

 private:
  TaskRequest request_for(const Message& message) const;
  Status check(const Message& message, const TaskRequest& request) const;

  Ledger& ledger_;
  const LedgerQueueOptions options_;
  std::atomic<std::int64_t> duplicates_{0};
};

}  // namespace waybill
