#pragma once

#include <string>
#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view catalog_sciencebase_spec_schema();

/// Kinds `catalog.sciencebase` and `sb.addCatalogTree`: an item of ScienceBase with all below it,
/// every page of its children and their files, goes to the node, and an index. In four steps, which
/// task_mgmt's clients know: "loading collection", "archiving item I", "writing index to IPFS",
/// "saving collection results".
class ScienceBaseKind final : public TaskKind {
 public:
  /// Without a desk that has collections and a node to refuse what can never run, and no more; it
  /// outlives the kind.
  explicit ScienceBaseKind(std::string_view name, ArchiveDesk* desk = nullptr)
      : name_(name), desk_(desk) {}

  std::string_view name() const override { return name_; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return catalog_sciencebase_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  const std::string name_;
  ArchiveDesk* const desk_;
};

}  // namespace waybill
