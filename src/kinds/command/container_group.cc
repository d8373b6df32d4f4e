#include "kinds/command/container_group.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "kinds/command/worker_mark.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kGroups = "/waybill";
constexpr std::string_view kNamePrefix = "waybill-";
constexpr std::int64_t kCpuPeriodMicros = 100'000;
/// What was killed is gone at once, but for one that waits for a disk.
constexpr int kDeathWaitMillis = 10'000;
constexpr int kReleaseWaitMillis = 1'000;
constexpr int kReleaseLookMillis = 10;

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<Hierarchy> own_hierarchies() { return hierarchies_of(text_of("/proc/self/mountinfo")); }

Status put(const std::string& path, const std::string& text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.is_open() && ::write(file.get(), text.data(), text.size()) >= 0) return {};
  return fail(Code::failed_precondition, "the cgroup of a container cannot be limited: " +
                                             system_error(errno, "writing " + path).message);
}

Status make_group(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return fail(Code::failed_precondition, "the cgroup of a container cannot be made: " +
                                             system_error(errno, "making " + path).message);
}

/// The directory and those below it, the deepest first. Cgroups come and go meanwhile.
std::vector<std::string> with_all_below(const std::string& directory) {
  std::vector<std::string> found;
  std::error_code error;
  if (!fs::is_directory(directory, error)) return found;
  found.push_back(directory);
  fs::recursive_directory_iterator entry(directory, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) found.push_back(entry->path().string());
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::set<pid_t> processes_in(const std::vector<std::string>& groups) {
  std::set<pid_t> found;
  for (const std::string& group : groups) {
    std::ifstream lines(group + "/cgroup.procs");
    // 0: of a namespace that is not ours.
    for (pid_t pid = 0; lines >> pid;) {
      if (pid > 0) found.insert(pid);
    }
  }
  return found;
}

void kill_and_await(const std::set<pid_t>& processes) {
  std::vector<FileDescriptor> killed;
  for (const pid_t pid : processes) {
    FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process.is_open()) continue;  // it is gone
    if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0) {
      killed.push_back(std::move(process));
    }
  }
  for (const FileDescriptor& process : killed) {
    pollfd end{process.get(), POLLIN, 0};
    ::poll(&end, 1, kDeathWaitMillis);
  }
}

/// In whatever hierarchy, with all below, the deepest first.
std::vector<std::string> groups_named(const std::vector<Hierarchy>& hierarchies,
                                      const std::string& name) {
  std::vector<std::string> groups;
  for (const Hierarchy& hierarchy : hierarchies) {
    const auto below = with_all_below(hierarchy.mount_point + std::string(kGroups) + "/" + name);
    groups.insert(groups.end(), below.begin(), below.end());
  }
  return groups;
}

/// Some kernels take a moment to let go of what has ended; and by kill_whole() may have been ended
/// what could not be waited for.
int remove_group(const std::string& group) {
  const bool was_killed = ::access((group + "/cgroup.kill").c_str(), F_OK) == 0;
  const int tries_max = (was_killed ? kDeathWaitMillis : kReleaseWaitMillis) / kReleaseLookMillis;
  for (int tries = 0; ::rmdir(group.c_str()) != 0; ++tries) {
    if (errno == ENOENT) return 0;
    if (errno != EBUSY || tries == tries_max) return errno;
    ::poll(nullptr, 0, kReleaseLookMillis);
  }
  return 0;
}

/// By the kernel, where it can (version 2, Linux 5.14): also what is of another namespace of
/// processes, which has no number here.
void kill_whole(const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    const FileDescriptor file(::open((group + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open() || ::write(file.get(), "1", 1) == 1) continue;
    const std::string why = system_error(errno, "writing " + group + "/cgroup.kill").message;
    log::warn("container_group_not_killed", why);
  }
}

/// Ends all in a group, and removes it. False: something that can't be seen from here goes on.
bool end_group(const std::vector<Hierarchy>& hierarchies, const std::string& name) {
  auto groups = groups_named(hierarchies, name);
  kill_whole(groups);
  // What was about to fork when it was killed may have done so.
  for (int round = 0; round < 100; ++round) {
    const auto processes = processes_in(groups);
    if (processes.empty()) break;
    kill_and_await(processes);
    groups = groups_named(hierarchies, name);
  }
  bool is_empty = true;
  for (const std::string& group : groups) {
    const int error = remove_group(group);
    if (error == 0) continue;
    is_empty = is_empty && error != EBUSY;
    log::warn("container_group_not_removed", system_error(error, "removing " + group).message);
  }
  return is_empty;
}

/// The part of a group's name that is its container's; what follows is the worker's mark.
std::string_view container_of(std::string_view group) { return group.substr(0, group.find('.')); }
std::string_view worker_of(std::string_view group) {
  return group.substr(std::min(group.size(), group.find('.') + 1));
}

/// False: something of them goes on.
bool end_groups_if(const std::function<bool(std::string_view)>& is_one) {
  const auto hierarchies = own_hierarchies();
  std::set<std::string> names;
  for (const Hierarchy& hierarchy : hierarchies) {
    std::error_code error;
    fs::directory_iterator entry(hierarchy.mount_point + std::string(kGroups), error);
    for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
      std::string name = entry->path().filename().string();
      if (name.starts_with(kNamePrefix) && is_one(name)) names.insert(std::move(name));
    }
  }
  bool all = true;
  for (const std::string& name : names) {
    log::warn("container_ended", "nobody runs it any more", {{"container", name}});
    all = end_group(hierarchies, name) && all;
  }
  return all;
}

const Hierarchy* hierarchy_with(const std::vector<Hierarchy>& all, std::string_view controller) {
  for (const Hierarchy& one : all) {
    const auto& has = one.controllers;
    if (std::find(has.begin(), has.end(), controller) != has.end()) return &one;
  }
  return nullptr;
}

/// Version 2 gives a controller to the groups of a group alone that says so.
void pass_on(const Hierarchy& hierarchy, std::string_view controller) {
  if (!hierarchy.is_unified) return;
  for (const std::string_view group : {std::string_view{}, kGroups}) {
    // Whether that was enough is seen when the limit is written.
    (void)put(hierarchy.mount_point + std::string(group) + "/cgroup.subtree_control",
              "+" + std::string(controller));
  }
}

}  // namespace

std::vector<Hierarchy> hierarchies_of(std::string_view mountinfo) {
  std::vector<Hierarchy> found;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    // proc_pid_mountinfo(5): the mount point is the fifth; after the dash type, source, options.
    const std::size_t dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::istringstream front(line.substr(0, dash));
    std::istringstream back(line.substr(dash + 3));
    Hierarchy one;
    std::string word;
    for (int field = 0; field < 5; ++field) front >> one.mount_point;
    std::string type;
    std::string options;
    back >> type >> word >> options;
    if (type != "cgroup" && type != "cgroup2") continue;
    one.is_unified = type == "cgroup2";
    std::istringstream names(options);
    while (!one.is_unified && std::getline(names, word, ',')) one.controllers.push_back(word);
    found.push_back(std::move(one));
  }
  return found;
}

Result<std::unique_ptr<ContainerGroup>> ContainerGroup::create(const std::string& name,
                                                               std::optional<GroupLimits> limits) {
  if (Status ended = end_earlier_containers_of_task(name); !ended) return fail(ended.error());
  auto hierarchies = own_hierarchies();
  for (Hierarchy& one : hierarchies) {
    if (!one.is_unified) continue;
    std::istringstream names(text_of(one.mount_point + "/cgroup.controllers"));
    for (std::string word; names >> word;) one.controllers.push_back(word);
  }
  auto group =
      std::make_unique<ContainerGroup>(name + "." + own_worker_mark(), std::move(hierarchies));
  if (!limits) return group;
  if (const Status limited = group->limit(*limits); !limited) return fail(limited.error());
  return group;
}

ContainerGroup::~ContainerGroup() { end_group(hierarchies_, name_); }

std::string ContainerGroup::path() const { return std::string(kGroups) + "/" + name_; }

Status ContainerGroup::limit(const GroupLimits& limits) {
  struct Limit {
    const char* controller;
    const char* file;
    const char* unified_file;
    std::string value;
    std::string unified_value;
  };
  const std::string memory = std::to_string(limits.memory_bytes);
  const std::string processes = std::to_string(limits.processes);
  const auto quota = static_cast<std::int64_t>(std::llround(limits.cpus * kCpuPeriodMicros));
  const std::string period = std::to_string(kCpuPeriodMicros);
  const std::string share = std::to_string(std::max<std::int64_t>(quota, 1000));
  for (const Limit& limit :
       {Limit{"memory", "memory.limit_in_bytes", "memory.max", memory, memory},
        Limit{"pids", "pids.max", "pids.max", processes, processes},
        Limit{"cpu", "cpu.cfs_quota_us", "cpu.max", share, share + " " + period}}) {
    const Hierarchy* const hierarchy = hierarchy_with(hierarchies_, limit.controller);
    if (hierarchy == nullptr) {
      return fail(Code::failed_precondition,
                  "there is no cgroup controller \"" + std::string(limit.controller) +
                      "\" for the limits of containers; mount one that this process may write to");
    }
    const std::string top = hierarchy->mount_point + std::string(kGroups);
    if (Status made = make_group(top); !made) return made;
    pass_on(*hierarchy, limit.controller);
    const std::string group = hierarchy->mount_point + path();
    if (Status made = make_group(group); !made) return made;
    const bool unified = hierarchy->is_unified;
    Status set = put(group + "/" + (unified ? limit.unified_file : limit.file),
                     unified ? limit.unified_value : limit.value);
    if (!set) return set;
    // Swap would only put the end off. Not every kernel counts it.
    for (const auto& [file, value] : {std::pair{"/memory.swap.max", std::string("0")},
                                      {"/memory.memsw.limit_in_bytes", memory}}) {
      const bool is_memory = std::string_view(limit.controller) == "memory";
      if (is_memory && fs::exists(group + file)) set = put(group + file, value);
      if (!set) return set;
    }
  }
  return {};
}

std::vector<std::string> ContainerGroup::supervisor_options() const {
  std::vector<std::string> options;
  for (const Hierarchy& hierarchy : hierarchies_) {
    const std::string file = hierarchy.mount_point + path() + "/cgroup.procs";
    std::error_code ignored;
    if (fs::exists(file, ignored)) options.push_back("join=" + file);
  }
  return options;
}

std::int64_t ContainerGroup::memory_kills() const {
  const Hierarchy* const hierarchy = hierarchy_with(hierarchies_, "memory");
  if (hierarchy == nullptr) return 0;
  const char* const file = hierarchy->is_unified ? "/memory.events" : "/memory.oom_control";
  std::ifstream lines(hierarchy->mount_point + path() + file);
  std::string key;
  for (std::int64_t value = 0; lines >> key >> value;) {
    if (key == "oom_kill") return value;
  }
  return 0;
}

bool ContainerGroup::was_short_of_memory() const {
  const Hierarchy* const hierarchy = hierarchy_with(hierarchies_, "memory");
  if (hierarchy == nullptr) return false;
  // Version 1 counts a kill where the process was, which may be gone.
  if (hierarchy->is_unified) return memory_kills() > 0;
  std::int64_t peak = 0;
  std::int64_t most = 0;
  std::ifstream(hierarchy->mount_point + path() + "/memory.max_usage_in_bytes") >> peak;
  std::ifstream(hierarchy->mount_point + path() + "/memory.limit_in_bytes") >> most;
  return peak > 0 && peak >= most;
}

std::string container_name(std::string_view task, std::uint64_t fence) {
  return std::string(kNamePrefix) + std::string(task) + "-" + std::to_string(fence);
}

bool is_of_same_task(std::string_view name, std::string_view other) {
  const std::size_t end = name.rfind('-');
  return end != name.npos && end == other.rfind('-') && name.substr(0, end) == other.substr(0, end);
}

void end_containers_of_gone_workers() {
  end_groups_if([](std::string_view group) { return !is_worker_alive(worker_of(group)); });
}

std::uint64_t fence_in_name(std::string_view name) {
  std::uint64_t fence = 0;
  const std::size_t at = name.rfind('-') + 1;
  std::from_chars(name.data() + at, name.data() + name.size(), fence);
  return fence;
}

Status end_earlier_containers_of_task(std::string_view name) {
  bool is_late = false;
  const bool all = end_groups_if([&](std::string_view group) {
    const auto container = container_of(group);
    if (!is_of_same_task(container, name)) return false;
    const bool is_later = fence_in_name(container) > fence_in_name(name);
    is_late = is_late || is_later;
    return !is_later;
  });
  if (is_late) {
    return fail(Code::aborted, "a later attempt of this task runs here: this one is over");
  }
  if (all) return {};
  return fail(Code::unavailable,
              "an earlier attempt of this task still runs on this machine, and has not ended yet. "
              "Under a worker in another container it cannot be ended from here where its cgroup "
              "is not of version 2, or the kernel older than 5.14: it ends when that worker hears "
              "that its lease is over");
}

}  // namespace waybill
