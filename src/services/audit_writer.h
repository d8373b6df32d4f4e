#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "ports/audit_log.h"
#include "ports/clock.h"
#include "services/refusal_fold.h"
#include "services/service.h"

namespace waybill {

struct AuditWriterParams {
  Duration every = std::chrono::milliseconds(200);
  /// Entries of one write.
  std::size_t batch = 500;
  /// Entries that wait to be written; whoever brings another one then writes it himself.
  std::size_t waiting_max = 10'000;
  RefusalFoldParams refusals{};
};

/// Writes the audit log for a server: what is rare at once, what comes by the thousand in batches,
/// behind the calls that it is about; and of refusals and failures that are alike one, and their
/// number a minute later. A crash loses what the last `every`, or the last minute, brought of
/// those. What cannot be written is said in the process's log, and the call that it is about
/// stands. Thread-safe; step() runs on one thread.
class AuditWriter final : public Service {
 public:
  /// `log` and `clock` outlive it.
  AuditWriter(AuditLog& log, Clock& clock, const AuditWriterParams& params = {})
      : log_(log), clock_(clock), params_(params), refusals_(params.refusals) {}
  /// Writes what still waits.
  ~AuditWriter() override;
  AuditWriter(const AuditWriter&) = delete;
  AuditWriter& operator=(const AuditWriter&) = delete;

  AuditLog& log() { return log_; }
  /// Blocks until it is on disk.
  void keep(const AuditEntry& entry);
  /// With the next step. Blocks only while too many wait.
  void keep_soon(AuditEntry entry) EXCLUDES(mutex_);

  std::string_view name() const override { return "audit_writer"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  static void tell_lost(const AuditEntry& entry, const Error& error);

  AuditLog& log_;
  Clock& clock_;
  const AuditWriterParams params_;
  Mutex mutex_;
  std::vector<AuditEntry> waiting_ GUARDED_BY(mutex_);
  RefusalFold refusals_ GUARDED_BY(mutex_);
};

}  // namespace waybill
