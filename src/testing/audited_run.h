#pragma once

#include <cstdint>
#include <string>

#include "core/transition.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/task_kind.h"

namespace waybill {

/// What the outside knows of a task's latest run from the run itself, whatever the ledger says.
class AuditedRun {
 public:
  AuditedRun() = default;
  explicit AuditedRun(std::uint64_t fence) : fence_(fence) {}

  void says(const Report& report);
  void ends(const Outcome& outcome, Time at);

  std::uint64_t fence() const { return fence_; }
  bool has_begun(std::uint64_t fence) const { return fence_ == fence; }
  bool goes_on(std::uint64_t fence) const { return has_begun(fence) && end_ == End::none; }
  /// Whether this is what may come of a run under this fence that ended as it did, or of one that
  /// never began.
  bool may_come_to(Happening happening, std::uint64_t fence) const;
  bool failed_for_good() const { return end_ == End::failed_for_good; }
  /// It failed and may be tried again, or stopped because its time was over.
  bool failed() const { return end_ == End::failed || end_ == End::stopped; }
  /// When the delay is over that it asked for, of a run that was recorded at `recorded_at`.
  Time wished_for(Time recorded_at) const;
  /// Of a success.
  const std::string& result() const { return result_; }
  /// The latest of all that it said; empty: nothing.
  const LedgerReader::Reported& said() const { return said_; }

 private:
  enum class End : std::uint8_t { none, succeeded, failed, failed_for_good, snoozed, stopped };

  std::uint64_t fence_ = 0;  // 0: there is none yet
  End end_ = End::none;
  Time ended_at_{};
  Duration delay_{};
  std::string result_;
  LedgerReader::Reported said_;
};

/// What is known after a report: what it leaves empty stays.
void add_report(LedgerReader::Reported& known, const Report& report);

}  // namespace waybill
