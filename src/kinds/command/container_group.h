#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

/// All that a container's processes may use together.
struct GroupLimits {
  std::int64_t memory_bytes = 0;  ///< swap included
  std::int64_t processes = 0;
  double cpus = 0;  ///< processors' worth of time
};

/// Where a hierarchy of cgroups is mounted.
struct Hierarchy {
  std::string mount_point;
  std::vector<std::string> controllers;
  bool is_unified = false;  ///< version 2

  bool operator==(const Hierarchy&) const = default;
};
/// From the text of /proc/self/mountinfo. Pure.
std::vector<Hierarchy> hierarchies_of(std::string_view mountinfo);

/// The cgroup, of the same name in every hierarchy, in which all processes of one container are,
/// its runtime's monitor too: by it they are found whoever was killed that should have ended them.
/// Made and removed with this.
class ContainerGroup {
 public:
  /// Ends what is left of containers of that name but for the worker, and makes the group, if it is
  /// to be limited; else the runtime does. `failed_precondition`: which controller is missing.
  static Result<std::unique_ptr<ContainerGroup>> create(const std::string& name,
                                                        std::optional<GroupLimits> limits);
  ContainerGroup(std::string name, std::vector<Hierarchy> hierarchies)
      : name_(std::move(name)), hierarchies_(std::move(hierarchies)) {}
  /// Ends what is still in there.
  ~ContainerGroup();
  ContainerGroup(const ContainerGroup&) = delete;
  ContainerGroup& operator=(const ContainerGroup&) = delete;

  /// As runtimes take it.
  std::string path() const;
  /// What tells a supervisor to put its program in there.
  std::vector<std::string> supervisor_options() const;
  /// Processes in the group itself that the kernel has killed for its limit of memory.
  std::int64_t memory_kills() const;
  /// Whether the group, with those below it, has come to its limit of memory.
  bool was_short_of_memory() const;

 private:
  Status limit(const GroupLimits& limits);

  const std::string name_;
  const std::vector<Hierarchy> hierarchies_;
};

/// `waybill-TASK-FENCE`: each lease of a task has its own.
std::string container_name(std::string_view task, std::uint64_t fence);
/// Whether two names are of the same task.
bool is_of_same_task(std::string_view name, std::string_view other);
/// Ends all in the groups of containers whose worker is gone, and removes them.
void end_containers_of_gone_workers();
/// Ends containers of earlier attempts of this one's task, and others of the same attempt.
/// `aborted` if there is one of a later attempt, which is left alone; `unavailable` if one is of
/// another namespace of processes, and cgroups of version 1, by which it can't be ended.
Status end_earlier_containers_of_task(std::string_view name);
/// Which attempt's a container of such a name is.
std::uint64_t fence_in_name(std::string_view name);

}  // namespace waybill
