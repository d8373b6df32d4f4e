#pragma once

#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view morph_ingest_spec_schema();

/// Kind `morph.ingest`: what a scraper of morph.io has brought home (`data.sqlite`, as Data Rescue
/// Boston's archivertools fill it) goes to the node and into a collection. In four steps: "fetching
/// data.sqlite", "archiving file I/N", "writing index to IPFS", "saving collection results".
class MorphIngestKind final : public TaskKind {
 public:
  /// Without a desk that has collections and a node to refuse what can never run, and no more; it
  /// outlives the kind.
  explicit MorphIngestKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "morph.ingest"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return morph_ingest_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
