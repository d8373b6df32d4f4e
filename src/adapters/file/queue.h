#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ports/queue.h"

namespace waybill {

struct FileQueueOptions {
  std::size_t body_bytes_max = 64 * 1024 * 1024;
};

/// Appends each message as one line of JSON to a file that somebody else reads:
///
///     {"id":"…","attributes":{"name":"value"},"body":"text"}
///
/// `attributes` only where there are any, and `body_base64` in place of `body` where that is not
/// UTF-8. The lines of a call stand together and are on disk when it returns; a lock (flock) keeps
/// those of several processes apart. Publish-only. The file is opened anew for each call, so that
/// it may be renamed away at any time. Thread-safe.
class FileQueue final : public Queue {
 public:
  /// The file is created with the first message; its directory must be there.
  explicit FileQueue(std::string path, const FileQueueOptions& options = {});

  QueueCaps caps() const override;
  /// Besides what the port says, `invalid_argument` for an id or attribute that is not UTF-8, and
  /// `not_found` for a directory that is not there.
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

 private:
  Status check(const Message& message) const;

  const std::string path_;
  const FileQueueOptions options_;
};

}  // namespace waybill
