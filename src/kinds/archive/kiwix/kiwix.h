#pragma once

#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view kiwix_resolve_spec_schema();
std::string_view kiwix_sources_spec_schema();

/// Kind `kiwix.resolve`: which file a dump is, by the listing of its project: URL and SHA-256.
class KiwixResolveKind final : public TaskKind {
 public:
  /// Without a desk to refuse what can never run, and no more; it outlives the kind.
  explicit KiwixResolveKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "kiwix.resolve"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return kiwix_resolve_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Kind `kiwix.updateSources`: the newest dump of each sort in the listings of projects, and which
/// of them are not known yet.
class KiwixUpdateSourcesKind final : public TaskKind {
 public:
  explicit KiwixUpdateSourcesKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "kiwix.updateSources"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return kiwix_sources_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
