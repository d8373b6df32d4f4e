#pragma once

#include <string>
#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view ipfs_pin_spec_schema();
std::string_view ipfs_unpin_spec_schema();
std::string_view ipfs_none_spec_schema();

/// Kind `ipfs.pin`: has the node keep a tree, for good or as a lease: until a time, or until others
/// have it; then it is unpinned unless another lease holds it. Between two looks the task is given
/// back, so that it takes no slot.
class IpfsPinKind final : public TaskKind {
 public:
  /// Without a desk to refuse what can never run, and no more; it outlives the kind.
  explicit IpfsPinKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "ipfs.pin"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_pin_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Kind `ipfs.unpin`: ends leases by name, and the pin of a tree that no lease holds.
class IpfsUnpinKind final : public TaskKind {
 public:
  explicit IpfsUnpinKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "ipfs.unpin"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_unpin_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Kind `ipfs.pins`: lists what is pinned here by name.
class IpfsPinsKind final : public TaskKind {
 public:
  explicit IpfsPinsKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "ipfs.pins"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_none_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Kind `ipfs.gc`: has the node forget what nothing keeps.
class IpfsGcKind final : public TaskKind {
 public:
  explicit IpfsGcKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "ipfs.gc"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_none_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
