#pragma once

#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view ipfs_addcollection_spec_schema();

/// Kind `ipfs.addcollection`: all URLs of a collection go to the node, and an index of them. In
/// four steps, which task_mgmt's clients know: "loading collection", "archiving url I/N", "writing
/// index to IPFS", "saving collection results".
class IpfsAddCollectionKind final : public TaskKind {
 public:
  /// Without a desk that has collections and a node to refuse what can never run, and no more; it
  /// outlives the kind.
  explicit IpfsAddCollectionKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "ipfs.addcollection"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_addcollection_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
