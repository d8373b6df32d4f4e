#pragma once

#include <deque>
#include <span>

#include "base/mutex.h"
#include "ports/audit_log.h"

namespace waybill {

/// The audit log in memory. Thread-safe.
class FakeAuditLog final : public AuditLog {
 public:
  Status put(std::span<const AuditEntry> entries) override;
  Result<AuditPage> page(const AuditQuery& query) override;
  Result<std::size_t> remove(Time before, std::size_t limit) override;

 private:
  Mutex mutex_;
  std::int64_t last_ GUARDED_BY(mutex_) = 0;
  std::deque<AuditEntry> entries_ GUARDED_BY(mutex_);  // by sequence
};

}  // namespace waybill
