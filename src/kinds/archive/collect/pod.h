#pragma once

#include <string>
#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view catalog_pod_spec_schema();

/// Kinds `catalog.pod` and `pod.addcatalog`: every distribution of a data.json goes to the node,
/// with what its datasets say of it as metadata, and an index. In four steps, which task_mgmt's
/// clients know: "loading collection", "archiving item I", "writing index to IPFS", "saving
/// collection results".
class PodCatalogKind final : public TaskKind {
 public:
  /// Without a desk that has collections and a node to refuse what can never run, and no more; it
  /// outlives the kind.
  explicit PodCatalogKind(std::string_view name, ArchiveDesk* desk = nullptr)
      : name_(name), desk_(desk) {}

  std::string_view name() const override { return name_; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return catalog_pod_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  const std::string name_;
  ArchiveDesk* const desk_;
};

}  // namespace waybill
