#pragma once

#include <string>
#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view zim_check_spec_schema();
std::string_view zim_spec_schema();

/// Kind `zim.check`: whether an artifact is a whole ZIM file, by zimcheck.
class ZimCheckKind final : public TaskKind {
 public:
  /// Without a desk to refuse what can never run, and no more; it outlives the kind.
  explicit ZimCheckKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "zim.check"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return zim_check_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Kind `zim.list`: the paths in a ZIM file become an artifact, by zimdump.
class ZimListKind final : public TaskKind {
 public:
  explicit ZimListKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "zim.list"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return zim_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Kind `zim.unpack`: the files in a ZIM file become artifacts, by zimdump.
class ZimUnpackKind final : public TaskKind {
 public:
  explicit ZimUnpackKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "zim.unpack"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return zim_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
