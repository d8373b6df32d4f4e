#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/definition.h"
#include "services/scan_report.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"
#include "tests/sim/drop.h"
#include "tests/sim/forwarding_bucket.h"

namespace waybill::sim {

/// One scan of each planner, and the buckets that they look at. Holds what comes of them to I5: no
/// task that a drop does not owe, none missing in the end; no marker before its task is accepted,
/// and in the end none missing.
class Scans {
 public:
  Scans(Stage& stage, LedgerAuditor& auditor, Rng rng);

  std::map<std::string, ScanDefinition> scans() const;
  std::map<std::string, TaskDefinition> tasks() const;
  /// By URL, each under watch.
  std::map<std::string, ObjectStore*> buckets();
  /// A new batch begins to arrive in each drop.
  void begin_batches();

  /// Looks at a task of a scan at the moment at which it is accepted.
  void accept(const TaskRequest& request);
  /// A pass got through, and nothing went wrong meanwhile.
  void came_through(const ScanReport& pass);
  /// Every scan came through since all has arrived.
  bool have_settled() const;
  /// Once they have settled.
  void check();
  void tally(std::map<std::string, std::uint64_t>& kinds) const;

 private:
  struct Scan {
    std::unique_ptr<Drop> drop;
    Time scanned_at{};  // by the latest pass since all has arrived; zero: none yet
  };
  /// Tells of every marker that is about to be written.
  class WatchedBucket;

  void add(std::unique_ptr<Drop> drop);
  void marking(const std::string& url, const std::string& marker);
  std::set<std::string> markers();

  LedgerAuditor& auditor_;
  std::map<std::string, Scan> scans_;  // by name
  std::vector<std::unique_ptr<ObjectStore>> watched_;
  std::set<std::string> keys_;  // of accepted tasks of scans
};

}  // namespace waybill::sim
