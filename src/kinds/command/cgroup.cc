#include "kinds/command/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/file_descriptor.h"
#include "base/log.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "waybill-run-";

/// A file of /proc or /sys; empty if it can't be read.
std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Status write_file(const std::string& path, std::string_view text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open() || ::write(file.get(), text.data(), text.size()) < 0) {
    return fail(system_error(errno, "writing " + std::string(text) + " to " + path));
  }
  return {};
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return fail(system_error(errno, "making the cgroup " + path));
}

/// The number after `name ` at the beginning of a line; 0 if there is none.
std::int64_t counter(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::string key;
  std::int64_t value = 0;
  while (lines >> key >> value) {
    if (key == name) return value;
  }
  return 0;
}

bool is_populated(const std::string& cgroup) {
  return counter(read_file(cgroup + "/cgroup.events"), "populated") != 0;
}

/// Cgroups of runs whose worker is gone. One that is still in use can't be removed and stays.
void sweep(const std::string& root) {
  if (root.empty()) return;
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const std::string process =
        name.substr(kPrefix.size(), name.find('-', kPrefix.size()) - kPrefix.size());
    if (!fs::exists("/proc/" + process, error)) ::rmdir(entry->path().c_str());
  }
}

/// Version 2 gives a controller to children only if their parent says so, which it may not while it
/// has processes of its own (but for the topmost).
bool passes_on(const std::string& unified, const std::string& controller) {
  const std::string file = unified + "/cgroup.subtree_control";
  if (write_file(file, "+" + controller).has_value()) return true;
  std::istringstream words(read_file(file));
  for (std::string word; words >> word;) {
    if (word == controller) return true;
  }
  return false;
}

}  // namespace

Cgroup::~Cgroup() {
  for (const std::string& directory : joined_) ::rmdir(directory.c_str());
  if (!unified_.empty()) ::rmdir(unified_.c_str());
}

std::vector<std::string> Cgroup::supervisor_options() const {
  std::vector<std::string> options;
  if (!unified_.empty()) options.push_back("cgroup=" + unified_);
  for (const std::string& directory : joined_) {
    options.push_back("join=" + directory + "/cgroup.procs");
  }
  return options;
}

bool Cgroup::memory_limit_hit() const {
  if (memory_.empty()) return false;
  const std::string file = memory_ == unified_ ? "/memory.events" : "/memory.oom_control";
  return counter(read_file(memory_ + file), "oom_kill") > 0;
}

void Cgroup::kill_and_wait() const {
  if (unified_.empty()) return;
  if (const Status killed = write_file(unified_ + "/cgroup.kill", "1"); !killed) {
    log::warn("cgroup_not_killed", killed.error().message);
    return;
  }
  const FileDescriptor events(::open((unified_ + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  while (events.is_open() && is_populated(unified_)) {
    pollfd changed{events.get(), POLLPRI, 0};
    // A change between the look and the poll is reported by poll, since this fd has not seen it.
    if (::poll(&changed, 1, -1) < 0 && errno != EINTR) return;
    char buffer[256];
    if (::pread(events.get(), buffer, sizeof buffer, 0) < 0) return;
  }
}

Status Cgroup::limit(const CgroupRoots& roots, const CommandLimits& limits,
                     const std::string& name) {
  const auto set = [](const std::string& file, std::int64_t value) {
    return write_file(file, std::to_string(value));
  };
  const auto directory_under = [&](const std::string& root) -> Result<std::string> {
    if (root == roots.unified) return unified_;
    const std::string directory = root + "/" + name;
    if (const Status made = make_directory(directory); !made) return fail(made.error());
    joined_.push_back(directory);
    return directory;
  };
  if (limits.memory_bytes && !roots.memory.empty()) {
    const auto directory = directory_under(roots.memory);
    if (!directory) return fail(directory.error());
    memory_ = *directory;
    const bool unified = memory_ == unified_;
    Status done =
        set(memory_ + (unified ? "/memory.max" : "/memory.limit_in_bytes"), *limits.memory_bytes);
    if (!done) return done;
    // Swap would only put the end off. Not every kernel counts it.
    for (const auto& [file, value] : {std::pair("/memory.swap.max", std::int64_t{0}),
                                      {"/memory.oom.group", 1},
                                      {"/memory.memsw.limit_in_bytes", *limits.memory_bytes}}) {
      if (fs::exists(memory_ + file)) done = set(memory_ + file, value);
      if (!done) return done;
    }
  }
  if (limits.processes && !roots.pids.empty()) {
    const auto directory = directory_under(roots.pids);
    if (!directory) return fail(directory.error());
    guards_processes_ = true;
    return set(*directory + "/pids.max", *limits.processes);
  }
  return {};
}

CgroupFactory CgroupFactory::detect() {
  CgroupRoots roots =
      own_cgroups(read_file("/proc/self/mountinfo"), read_file("/proc/self/cgroup"));
  for (std::string* root : {&roots.memory, &roots.pids}) {
    const std::string controller = root == &roots.memory ? "memory" : "pids";
    if (*root == roots.unified && !root->empty() && !passes_on(*root, controller)) root->clear();
  }
  for (std::string* root : {&roots.unified, &roots.memory, &roots.pids}) {
    sweep(*root);
    const std::string trial = *root + "/" + std::string(kPrefix) + std::to_string(::getpid());
    if (root->empty() || ::mkdir(trial.c_str(), 0755) != 0 || ::rmdir(trial.c_str()) != 0) {
      root->clear();
    }
  }
  return CgroupFactory(std::move(roots));
}

Result<std::unique_ptr<Cgroup>> CgroupFactory::make(const CommandLimits& limits) {
  const std::string name =
      std::string(kPrefix) + std::to_string(::getpid()) + "-" + std::to_string(++made_);
  auto cgroup = std::make_unique<Cgroup>();
  if (!roots_.unified.empty()) {
    const std::string directory = roots_.unified + "/" + name;
    if (const Status made = make_directory(directory); !made) return fail(made.error());
    cgroup->unified_ = directory;
  }
  if (const Status limited = cgroup->limit(roots_, limits, name); !limited) {
    return fail(limited.error());
  }
  return cgroup;
}

}  // namespace waybill
