#include "kinds/command/podman.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "kinds/command/command_run.h"
#include "kinds/command/container_box.h"
#include "kinds/command/container_group.h"
#include "kinds/command/listening_context.h"
#include "kinds/command/worker_mark.h"

namespace waybill {
namespace bj = boost::json;
namespace {

/// After the program's end the runtime has to take the container down.
constexpr std::string_view kRuntimeLinger = "20000000";
/// podman's own number of processes (RLIMIT_NPROC counts a user's in all containers together; the
/// limit of each is its cgroup's).
constexpr rlim_t kUserProcessesMax = 32768;

/// What of a limit of ours can be passed on: a runtime may not raise it.
std::string ulimit(const char* name, int resource, rlim_t wanted) {
  rlimit now{};
  if (::getrlimit(resource, &now) == 0) wanted = std::min(wanted, now.rlim_max);
  const std::string number = std::to_string(wanted);
  return std::string("--ulimit=") + name + "=" + number + ":" + number;
}

/// podman takes these apart at commas.
Status check_mountable(const std::string& directory) {
  if (directory.find_first_of(",\"\n") == directory.npos) return {};
  return fail(Code::failed_precondition,
              "containers cannot be given " + directory +
                  ": podman has no mounts of paths with commas or quotes; choose another --data");
}

std::string bind_mount(const std::string& source, const std::string& target,
                       const char* more = "") {
  return "--mount=type=bind,src=" + source + ",dst=" + target + more;
}

}  // namespace

Podman::Podman(PodmanOptions options, FileDescriptor supervisor, std::unique_ptr<CommandKind> tools,
               Clock& clock)
    : options_(std::move(options)),
      supervisor_(std::move(supervisor)),
      tools_(std::move(tools)),
      worker_(own_worker_mark()),
      clock_(clock) {}

std::vector<std::string> Podman::command(std::vector<std::string> arguments, Store which) const {
  std::vector<std::string> all = {"podman", "--runtime=runc", "--cgroup-manager=cgroupfs",
                                  "--events-backend=none", "--log-level=error"};
  const std::string store = which == Store::ours ? options_.store : kBuildStore;
  if (!store.empty()) {
    for (const char* part : {"--root=", "--runroot=", "--tmpdir="}) {
      const std::string name(std::string_view(part).substr(2, std::string_view(part).size() - 3));
      all.push_back(part + store + "/" + name);
    }
    all.emplace_back("--storage-driver=overlay");
  }
  if (which == Store::of_attempt) {
    all.push_back("--storage-opt=additionalimagestore=" + (options_.store.empty()
                                                               ? "/var/lib/containers/storage"
                                                               : options_.store + "/root"));
  }
  all.insert(all.end(), std::make_move_iterator(arguments.begin()),
             std::make_move_iterator(arguments.end()));
  return all;
}

/// Nothing here is from params, and every value stands behind its `=` or behind `--`.
std::vector<std::string> Podman::run_arguments(const Params& params,
                                               const ContainerGroup& group) const {
  const ContainerSpec& spec = params.spec;
  const CommandLimits& limits = spec.program.limits;
  const std::string user = std::to_string(spec.user);
  const std::string memory = std::to_string(*limits.memory_bytes);
  const std::string& directory = params.directory;
  std::vector<std::string> arguments = {
      "run", "--replace", "--name=" + params.name, "--label=" + std::string(kWorkerLabel) + worker_,
      "--label=" + std::string(kTaskLabel) + params.task, "--cgroup-parent=" + group.path(),
      // What it may do.
      "--network=" + spec.network, "--cap-drop=all", "--security-opt=no-new-privileges",
      "--user=" + user + ":" + user, "--read-only", "--read-only-tmpfs=false",
      "--image-volume=ignore", "--no-healthcheck", "--http-proxy=false", "--systemd=false",
      "--pull=" + spec.pull,
      // How much.
      "--memory=" + memory, "--memory-swap=" + memory, "--cpus=" + std::to_string(spec.cpus),
      "--pids-limit=" + std::to_string(*limits.processes), "--shm-size=65536",
      "--oom-score-adj=500", "--ulimit=core=0:0",
      ulimit("nofile", RLIMIT_NOFILE, static_cast<rlim_t>(*limits.open_files)),
      ulimit("nproc", RLIMIT_NPROC, kUserProcessesMax),
      // With what.
      "--log-driver=none", "--preserve-fds=3", "--init", "--init-path=" + directory + "/init",
      bind_mount(directory + "/box", "/waybill"), bind_mount(directory + "/box/tmp", "/tmp"),
      bind_mount(directory + "/given", kContainerGiven, ",ro"),
      "--workdir=" + (spec.program.working_directory.empty() ? std::string(kContainerScratch)
                                                             : spec.program.working_directory)};
  if (!spec.program.standard_input.empty()) arguments.emplace_back("--interactive");
  if (!spec.program.argv.empty()) {
    bj::array entrypoint;
    for (const std::string& argument : spec.program.argv) entrypoint.emplace_back(argument);
    arguments.push_back("--entrypoint=" + json::serialize(entrypoint));
  }
  if (!params.application.empty()) {
    arguments.push_back(bind_mount(params.application, "/app", ",ro"));
  }
  if (!params.root_directory.empty()) arguments.emplace_back("--rootfs");
  arguments.emplace_back("--");
  arguments.push_back(params.root_directory.empty() ? spec.image : params.root_directory);
  arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
  return arguments;
}

std::vector<std::string> Podman::supervision(const Params& params) const {
  const std::string user = std::to_string(params.spec.user);
  std::vector<std::string> options = {
      "directory=/", "tmpfs=" + params.directory + "/box",
      scratch_options(params.spec.scratch_bytes), "owner=" + user + ":" + user, "make=scratch",
      "make=artifacts", "make=tmp",
      // Our first process hears of it itself: podman that has begun a container may end at a
      // SIGTERM and not pass it on, and its monitor would be gone with what is printed. Before that
      // it is podman's, which may be fetching an image.
      "passes_on=1", "tells=1", "lifeline=1", "linger=" + std::string(kRuntimeLinger)};
  if (!params.disk.empty()) {
    options.push_back("disk=" + params.disk);
    options.push_back("disk_at=" + std::string(kBuildStore));
  }
  for (std::string& argument : command({"rm", "--force", "--time=0", "--ignore", "--", params.name},
                                       params.was_built ? Store::of_attempt : Store::ours)) {
    options.push_back("finally=" + std::move(argument));
  }
  return options;
}

Result<Podman::Run> Podman::run(const Params& params, TaskContext& context) {
  if (const Status fits = check_mountable(params.directory); !fits) return fail(fits.error());
  if (const Status done = prepare_attempt(params.directory); !done) return fail(done.error());
  const auto box = ContainerBox::create(params.environment);
  if (!box) return fail(box.error());
  if (const Status removed = remove_earlier(params); !removed) return fail(removed.error());
  const auto group = ContainerGroup::create(params.name, {});
  if (!group) return fail(group.error());
  auto process = SupervisedProcess::start(
      supervisor_, {.argv = command(run_arguments(params, **group),
                                    params.was_built ? Store::of_attempt : Store::ours),
                    .environment = environment_texts(options_.environment),
                    .options = supervision(params),
                    .standard_input = params.spec.program.standard_input,
                    .given = &box->file()});
  if (!process) return fail(process.error());
  ListeningContext listening(context);
  CommandRun run(std::move(*process), params.spec.program, listening, clock_);
  auto record = run.see_through();
  if (!record) return fail(record.error());
  const bool was_supervised = record->reaped_at != Time{};
  const bool cleared = was_supervised && record->cleared == 0;
  // What was built goes with the directory of the attempt.
  if (record->started && !cleared && !params.was_built) remove(params.name, context);
  auto said = box->read();
  if (!said) return fail(said.error());
  // The runtime's own processes are none that the program left behind.
  record->left_behind = 0;
  return Run{.record = *record,
             .box = *said,
             .scratch = run.take_mounted(),
             .complaint = listening.complaint(),
             .result = run.result(),
             .artifacts = run.artifacts()};
}

Result<Podman::Answer> Podman::call(std::vector<std::string> arguments) {
  CommandSpec spec;
  spec.argv = command(std::move(arguments));
  // A store that somebody else has locked would hold up the worker for ever.
  spec.argv.insert(spec.argv.begin(), {"timeout", "--kill-after=5", "60"});
  ToolContext context("/");
  const auto run = tools_->run_program(spec, environment_texts(options_.environment), context);
  if (!run) return fail(run.error());
  const Outcome judged = judge(run->record, spec, {});
  const auto* failed = std::get_if<outcome::Failed>(&judged);
  return Answer{.status = failed == nullptr ? 0 : 1,
                .out = context.out(),
                .complaint = failed == nullptr             ? ""
                             : context.complaint().empty() ? failed->error
                                                           : context.complaint()};
}

Status Podman::remove_earlier(const Params& params) {
  if (!params.had_earlier) return {};
  const auto cannot_remove = [](const std::string& why) {
    return fail(Code::unavailable,
                "a container of an earlier attempt could not be removed, so that this one did not "
                "begin: " +
                    why);
  };
  const auto listed =
      call({"ps", "--all", "--filter=label=" + std::string(kTaskLabel) + params.task,
            "--format={{.Names}}"});
  if (!listed) return fail(listed.error());
  if (listed->status != 0) return cannot_remove(listed->complaint);
  std::istringstream names(listed->out);
  for (std::string name; names >> name;) {
    if (fence_in_name(name) > fence_in_name(params.name)) {
      return fail(Code::aborted, "a later attempt of this task runs here: this one is over");
    }
    const auto removed = call({"rm", "--force", "--time=0", "--ignore", "--", name});
    if (!removed) return fail(removed.error());
    if (removed->status != 0) return cannot_remove(removed->complaint);
    log::warn("container_removed", "it was an earlier attempt's", {{"container", name}});
  }
  return {};
}

void Podman::remove(const std::string& name, TaskContext& context) {
  const auto removed = call({"rm", "--force", "--time=0", "--ignore", "--", name});
  if (removed && removed->status == 0) return;
  const std::string why = removed ? removed->complaint : removed.error().message;
  context.log(LogStream::system,
              "[the container " + name + " could not be removed: " + why + "]\n");
  log::error("container_not_removed", why, {{"container", name}});
}

}  // namespace waybill
