#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/batch_table.h"
#include "core/batches/path_template.h"
#include "core/definition.h"
#include "core/scan_plan.h"

namespace waybill::batches {

/// Batches of any layout, see BatchScan. One round: of each source the objects and the markers,
/// from the beginning of the window on where the path begins with the date. A batch is within the
/// window while the period that its path names has not ended before it. Markers are
/// `SCAN/SOURCE/YYYY/MM/DD/HH/mm/BATCH` with as much of the date as the path has. The params of a
/// task: `{"source":…,"batch":…,"time":…,"keys":{PART:KEY,…}}`, `time` null where the path has
/// none.
class BatchPlanner final : public ScanPlanner {
 public:
  /// The scan's path compiles with its parts.
  BatchPlanner(std::string name, BatchScan scan, Time now);

  std::vector<ScanListing> listings() override;
  void object(const ScanListing& listing, std::string_view key, Time modified_at) override;
  void prefix(const ScanListing&, std::string_view) override {}
  Plan finish() override;

 private:
  struct Source {
    std::string name;
    ScanListing objects;
    ScanListing markers;
  };
  struct Counters;

  ScanListing objects_of(const std::string& source) const;
  ScanListing markers_of(const std::string& source) const;
  std::string marker_of(const BatchRecord& record) const;
  void batch_object(std::uint32_t source, std::string_view key, Time modified_at);
  void marker(std::uint32_t source, std::string_view key);

  bool is_complete(const BatchRecord& record) const;
  /// Why there is no task for a record; none: there is one.
  std::optional<SkipReason> reason_to_skip(const BatchRecord& record) const;
  PlannedTask task_of(const BatchRecord& record) const;
  Skipped describe(SkipReason reason, const BatchRecord& record) const;
  std::string path_of(const BatchRecord& record) const;

  const std::string name_;
  const BatchScan scan_;
  const Time now_;
  const PathTemplate path_;
  const Time begin_;  // of the window; the least time if there is none
  std::vector<Source> sources_;
  bool asked_ = false;
  BatchTable batches_;
};

}  // namespace waybill::batches
