#pragma once

#include <cstdint>
#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view ipfs_addwarc_spec_schema();

/// What one task takes: its index is in memory, some 500 bytes for each answer.
struct WarcBounds {
  std::int64_t records_max = 5'000'000;
  std::int64_t notes_bytes_max = std::int64_t{512} << 20;
};

/// Kind `ipfs.addwarc`: the answers in a WARC file, or in those of a WACZ package, go to the node,
/// head and content of each, and an index of them that InterPlanetary Wayback (ipwb) replays. In
/// four steps: "loading WARC", "archiving record N", "writing index to IPFS", "saving results".
class IpfsAddWarcKind final : public TaskKind {
 public:
  /// Without a desk that has a node to refuse what can never run, and no more; it outlives the
  /// kind.
  explicit IpfsAddWarcKind(ArchiveDesk* desk = nullptr, WarcBounds bounds = {})
      : desk_(desk), bounds_(bounds) {}

  std::string_view name() const override { return "ipfs.addwarc"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_addwarc_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
  const WarcBounds bounds_;
};

}  // namespace waybill
