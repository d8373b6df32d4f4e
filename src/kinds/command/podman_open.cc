// Whether and how a machine can run containers.

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <system_error>

#include "base/log.h"
#include "kinds/command/listening_context.h"
#include "kinds/command/podman.h"
#include "kinds/command/supervisor_image.h"
#include "kinds/command/worker_mark.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot(const std::string& why) {
  return fail(Code::failed_precondition, "this machine can't run containers: " + why);
}

/// A directory that is gone with this.
class TrialDirectory {
 public:
  TrialDirectory() {
    std::error_code error;
    path_ = (fs::temp_directory_path(error) / "waybill-trial-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TrialDirectory() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
    if (error) log::warn("trial_directory_not_removed", error.message(), {{"directory", path_}});
  }
  TrialDirectory(const TrialDirectory&) = delete;
  TrialDirectory& operator=(const TrialDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What of the machine the words of podman and runc are about.
std::string hint(const std::string& complaint) {
  const auto says = [&](std::string_view text) {
    return complaint.find(text) != std::string::npos;
  };
  if (says("runc") && (says("not found") || says("no such file"))) {
    return "; install runc";
  }
  if (says("conmon")) return "; install conmon";
  if (says("cgroup"))
    return "; the cgroups of memory, cpu and pids have to be there for the worker";
  if (says("Operation not permitted")) return "; the worker needs all capabilities of root";
  return "";
}

}  // namespace

Result<std::unique_ptr<Podman>> Podman::open(PodmanOptions options, Clock& clock) {
  if (::geteuid() != 0) {
    return cannot(
        "podman has to mount, and to make cgroups, which takes root; start the worker as "
        "root, or without --containers");
  }
  if (options.store.size() > kContainerStoreLengthMax) {
    return cannot("podman takes no store whose name has more than " +
                  std::to_string(kContainerStoreLengthMax) +
                  " characters; choose a shorter --container-store than " + options.store);
  }
  auto supervisor = open_supervisor();
  if (!supervisor) return fail(supervisor.error());
  auto tools = CommandKind::create({.environment = options.environment}, clock);
  if (!tools) return fail(tools.error());
  auto podman = std::make_unique<Podman>(std::move(options), std::move(*supervisor),
                                         std::move(*tools), clock);
  if (Status made = make_open_directory(kBuildStore); !made) return cannot(made.error().message);
  if (Status swept = podman->sweep(); !swept) return fail(swept.error());
  if (Status tried = podman->try_out(); !tried) return fail(tried.error());
  return podman;
}

Status Podman::sweep() {
  const auto listed = call({"ps", "--all", "--filter=label=io.waybill.worker",
                            "--format={{.Names}} {{index .Labels \"io.waybill.worker\"}}"});
  if (!listed) return fail(listed.error());
  if (listed->status != 0) {
    // timeout(1) says the first, we ourselves the second.
    const bool missing = listed->complaint.find("failed to run command") != std::string::npos ||
                         listed->complaint.starts_with("cannot run ");
    return cannot(missing ? "podman is not installed; install podman, runc and conmon"
                          : "podman says: " + listed->complaint + hint(listed->complaint));
  }
  std::istringstream lines(listed->out);
  std::string name;
  std::string mark;
  while (lines >> name >> mark) {
    if (is_worker_alive(mark)) continue;
    const auto removed = call({"rm", "--force", "--time=0", "--ignore", "--", name});
    const bool gone = removed && removed->status == 0;
    log::warn(gone ? "container_removed" : "container_not_removed",
              gone      ? "its worker is gone"
              : removed ? removed->complaint
                        : removed.error().message,
              {{"container", name}});
  }
  // Those of stores that went with their attempts, too.
  end_containers_of_gone_workers();
  return {};
}

/// Runs the first process's own program in a root of nothing, with all that is promised. It ends
/// with 125 when it is not called as one.
Status Podman::try_out() {
  const TrialDirectory trial;
  if (trial.path().empty()) return cannot("no directory can be made in TMPDIR or /tmp");
  for (const char* name : {"/root", "/attempt"}) {
    const Status made = make_open_directory(trial.path() + name);
    if (!made) return cannot(made.error().message);
  }
  ContainerSpec spec;
  spec.program.argv = {"/run/podman-init", "--"};
  spec.program.limits.memory_bytes = std::int64_t{64} << 20;
  spec.program.limits.processes = 16;
  spec.program.limits.open_files = 64;
  spec.scratch_bytes = 1 << 20;
  if (const Status made = make_disk(trial.path() + "/disk", 8 << 20); !made) {
    return cannot(made.error().message);
  }
  ToolContext context(trial.path() + "/attempt");
  const auto run = this->run({.spec = spec,
                              .name = "waybill-trial-" + worker_,
                              .task = "trial",
                              .environment = {},
                              .directory = trial.path() + "/attempt",
                              .root_directory = trial.path() + "/root",
                              .disk = trial.path() + "/disk"},
                             context);
  if (!run) return fail(run.error());
  if (run->record.start_errno != 0) {
    return cannot(run->record.start_stage == kWaybillStageMount
                      ? "no tmpfs, or no file by a loop device, can be mounted in a mount "
                        "namespace: " +
                            std::generic_category().message(run->record.start_errno)
                      : "podman is not installed; install podman, runc and conmon");
  }
  const bool ran = run->box.state == kWaybillBoxEnded && WIFEXITED(run->box.value) &&
                   WEXITSTATUS(run->box.value) == 125;
  if (ran) return {};
  return cannot("a trial of podman with runc failed: " + run->complaint + hint(run->complaint));
}

}  // namespace waybill
