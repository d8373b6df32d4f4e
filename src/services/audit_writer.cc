#include "services/audit_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace waybill {

AuditWriter::~AuditWriter() {
  const Lock lock(mutex_);
  std::ranges::move(refusals_.all(), std::back_inserter(waiting_));
  if (waiting_.empty()) return;
  if (const Status written = log_.put(waiting_); !written) {
    for (const AuditEntry& entry : waiting_) tell_lost(entry, written.error());
  }
}

void AuditWriter::tell_lost(const AuditEntry& entry, const Error& error) {
  log::error("audit_not_kept", error.message,
             {{"who", entry.who},
              {"from", entry.from},
              {"operation", entry.operation},
              {"subject", entry.subject},
              {"count", entry.count}});
}

void AuditWriter::keep(const AuditEntry& entry) {
  if (const Status written = log_.put({&entry, 1}); !written) tell_lost(entry, written.error());
}

void AuditWriter::keep_soon(AuditEntry entry) {
  {
    const Lock lock(mutex_);
    if (entry.outcome != AuditOutcome::done) {
      auto first = refusals_.take(std::move(entry), clock_.steady_now());
      if (!first) return;
      entry = std::move(*first);
    }
    if (waiting_.size() < params_.waiting_max) {
      waiting_.push_back(std::move(entry));
      return;
    }
  }
  keep(entry);
}

Result<Duration> AuditWriter::step(const Deadline& /*deadline*/) {
  std::vector<AuditEntry> batch;
  bool more = false;
  {
    const Lock lock(mutex_);
    std::ranges::move(refusals_.due(clock_.steady_now()), std::back_inserter(waiting_));
    const std::size_t count = std::min(waiting_.size(), params_.batch);
    batch.assign(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (batch.empty()) return params_.every;
  // They stay until they are written: others are only added behind them.
  if (Status written = log_.put(batch); !written) {
    return fail(with_context(written.error(), "writing the audit log"));
  }
  {
    const Lock lock(mutex_);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(batch.size()));
    more = !waiting_.empty();
  }
  return more ? Duration::zero() : params_.every;
}

}  // namespace waybill
