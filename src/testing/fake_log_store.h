#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "ports/log_store.h"

namespace waybill {

/// The output of tasks in memory. Thread-safe.
class FakeLogStore final : public LogStore {
 public:
  Status append(const Uuid& task, const LogChunk& chunk) override;
  Status append_all(const Uuid& task, std::span<const LogChunk> chunks,
                    std::optional<std::uint64_t> before) override;
  Result<LogPage> read(const Uuid& task, const std::string& cursor,
                       std::size_t limit_bytes) override;
  Status remove(const Uuid& task) override;
  Result<LoggedTasks> logged(const std::string& cursor) override;

 private:
  Mutex mutex_;
  using Attempts = std::map<std::uint32_t, std::vector<LogChunk>>;
  std::unordered_map<Uuid, Attempts> attempts_ GUARDED_BY(mutex_);
};

}  // namespace waybill
