#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kinds/command/spec.h"

namespace waybill {

/// The directories under which this process may make cgroups; empty: it may not, or there is none.
struct CgroupRoots {
  std::string unified;  ///< version 2: kills a group as a whole
  std::string memory;   ///< limits memory: the unified one with the controller, or version 1's
  std::string pids;     ///< limits processes, likewise

  bool operator==(const CgroupRoots&) const = default;
};

/// Where this process's own cgroups are, from the texts of /proc/self/mountinfo and
/// /proc/self/cgroup. Pure; says nothing about permissions. `unified` has memory and pids as well
/// if no version 1 hierarchy has them.
CgroupRoots own_cgroups(std::string_view mountinfo, std::string_view cgroups);

/// One run's cgroups, made when needed and removed with it. What it guards is limited by the kernel
/// for all processes of the run together.
class Cgroup {
 public:
  /// Of no cgroup; CgroupFactory makes those that are of some.
  Cgroup() = default;
  ~Cgroup();
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  bool guards_memory() const { return !memory_.empty(); }
  bool guards_processes() const { return guards_processes_; }
  /// What tells the supervisor to use them.
  std::vector<std::string> supervisor_options() const;
  /// Whether the kernel has killed a process of the run for its memory limit.
  bool memory_limit_hit() const;
  /// Kills all that is in it and waits until it is empty; for when there is no supervisor to do so.
  /// Without a unified cgroup it does nothing.
  void kill_and_wait() const;

 private:
  friend class CgroupFactory;
  Status limit(const CgroupRoots& roots, const CommandLimits& limits, const std::string& name);

  std::string unified_;  // empty: none
  std::string memory_;
  std::vector<std::string> joined_;  // version 1
  bool guards_processes_ = false;
};

/// Makes cgroups for runs, as far as this machine lets it. Thread-safe.
class CgroupFactory {
 public:
  /// Finds out by trying, and removes what dead workers have left.
  static CgroupFactory detect();
  /// Makes none.
  CgroupFactory() = default;
  explicit CgroupFactory(CgroupRoots roots) : roots_(std::move(roots)) {}
  CgroupFactory(CgroupFactory&& other) noexcept : roots_(std::move(other.roots_)) {}

  const CgroupRoots& roots() const { return roots_; }
  /// What is limited and can be guarded gets its cgroup; the rest is left to rlimits.
  Result<std::unique_ptr<Cgroup>> make(const CommandLimits& limits);

 private:
  CgroupRoots roots_;
  std::atomic<std::uint64_t> made_ = 0;
};

}  // namespace waybill
