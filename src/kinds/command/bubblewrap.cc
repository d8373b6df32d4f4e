#include "kinds/command/bubblewrap.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <utility>

#include "kinds/command/command_run.h"
#include "kinds/command/container_box.h"
#include "kinds/command/listening_context.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;
constexpr const char* kInit = "/run/waybill-init";
constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Our own first process gives what is left of a program a moment; this is for what is left of it.
constexpr std::string_view kInitLinger = "2000000";
/// What an image has under these names is not seen.
constexpr std::string_view kOurs[] = {"dev", "proc", "sys", "run", "tmp", "waybill"};

/// Names of what is at the top of a root.
Result<std::vector<std::string>> entries_of(const std::string& root) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(root, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return fail(system_error(error.value(), "reading " + root));
  std::sort(names.begin(), names.end());
  return names;
}

Status check_can_run(const ContainerSpec& spec) {
  const auto refuse = [](const char* why) { return fail(Code::invalid_argument, why); };
  if (spec.network == "bridge") {
    return refuse(
        "bubblewrap has no bridge: say `network: none` or `host`, or let a worker with "
        "--containers podman serve the task's queue");
  }
  if (spec.program.argv.empty()) {
    return refuse("bubblewrap's images are plain files and say no entrypoint: say the command");
  }
  return {};
}

std::vector<std::string> with_path(std::vector<std::string> environment) {
  const bool has = std::any_of(environment.begin(), environment.end(),
                               [](const std::string& text) { return text.starts_with("PATH="); });
  if (!has) environment.push_back(std::string("PATH=") + kPath);
  return environment;
}

}  // namespace

Bubblewrap::Bubblewrap(BubblewrapOptions options, FileDescriptor supervisor,
                       std::unique_ptr<CommandKind> tools, Clock& clock)
    : options_(std::move(options)),
      supervisor_(std::move(supervisor)),
      tools_(std::move(tools)),
      clock_(clock) {}

/// Our first process gives up root itself, for which it has three of these rights; the fourth
/// is bwrap's, to start in a directory that is the program's user's alone.
std::vector<std::string> Bubblewrap::arguments(const Params& params, const std::string& root,
                                               const std::vector<std::string>& entries) const {
  std::vector<std::string> all = {"bwrap",
                                  "--unshare-ipc",
                                  "--unshare-pid",
                                  "--unshare-uts",
                                  "--unshare-cgroup-try",
                                  "--die-with-parent",
                                  "--as-pid-1",
                                  "--clearenv",
                                  "--setenv",
                                  "PATH",
                                  kPath,
                                  "--cap-drop",
                                  "ALL",
                                  "--cap-add",
                                  "CAP_SETUID",
                                  "--cap-add",
                                  "CAP_SETGID",
                                  "--cap-add",
                                  "CAP_SETPCAP",
                                  "--cap-add",
                                  "CAP_DAC_READ_SEARCH"};
  const auto add = [&](std::initializer_list<std::string> words) { all.insert(all.end(), words); };
  const bool shares_network = params.spec.network == "host";
  if (!shares_network) add({"--unshare-net"});
  // A root of ours, of the image's directories: it has no place for mounts of ours itself.
  add({"--size", "65536", "--tmpfs", "/"});
  for (const std::string& name : entries) {
    if (std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs)) continue;
    std::error_code error;
    const fs::path path = fs::path(root) / name;
    if (fs::is_symlink(path, error)) {
      add({"--symlink", fs::read_symlink(path, error).string(), "/" + name});
    } else {
      add({"--ro-bind", path.string(), "/" + name});
    }
  }
  if (shares_network && fs::is_regular_file(fs::symlink_status(root + "/etc/resolv.conf"))) {
    add({"--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"});
  }
  const std::string& directory = params.directory;
  add({"--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", "65536", "--tmpfs",
       "/dev/shm", "--remount-ro", "/dev", "--dir", "/sys", "--dir", "/run"});
  add({"--ro-bind", directory + "/given", kContainerGiven});
  add({"--ro-bind", directory + "/init", kInit});
  add({"--bind", directory + "/box", "/waybill", "--bind", directory + "/box/tmp", "/tmp"});
  if (!params.application.empty()) add({"--ro-bind", params.application, "/app"});
  const std::string& start = params.spec.program.working_directory;
  add({"--remount-ro", "/", "--chdir", start.empty() ? std::string(kContainerScratch) : start});
  add({"--", kInit, "--"});
  all.insert(all.end(), params.spec.program.argv.begin(), params.spec.program.argv.end());
  all.insert(all.end(), params.spec.arguments.begin(), params.spec.arguments.end());
  return all;
}

std::vector<std::string> Bubblewrap::supervision(const Params& params,
                                                 const ContainerGroup& group) const {
  const std::string user = std::to_string(params.spec.user);
  const std::string files = std::to_string(*params.spec.program.limits.open_files);
  std::vector<std::string> options = {
      "directory=/",
      "tmpfs=" + params.directory + "/box",
      scratch_options(params.spec.scratch_bytes),
      "owner=" + user + ":" + user,
      "make=scratch",
      "make=artifacts",
      "make=tmp",
      "lifeline=1",
      "tells=1",
      "limit=" + std::to_string(RLIMIT_NOFILE) + ":" + files + ":" + files,
      "limit=" + std::to_string(RLIMIT_CORE) + ":0:0",
      "linger=" + std::string(kInitLinger)};
  const auto joined = group.supervisor_options();
  options.insert(options.end(), joined.begin(), joined.end());
  return options;
}

Result<Bubblewrap::Run> Bubblewrap::run(const Params& params, TaskContext& context) {
  if (const Status can = check_can_run(params.spec); !can) return fail(can.error());
  std::string root = params.root_directory;
  if (root.empty()) {
    auto unpacked = root_of(params.spec.image, context.stop());
    if (!unpacked) return fail(unpacked.error());
    root = std::move(*unpacked);
  }
  const auto entries = entries_of(root);
  if (!entries) return fail(entries.error());
  if (const Status done = prepare_attempt(params.directory); !done) return fail(done.error());
  const auto box =
      ContainerBox::create(with_path(params.environment), static_cast<unsigned>(params.spec.user));
  if (!box) return fail(box.error());
  const CommandLimits& limits = params.spec.program.limits;
  const auto group =
      ContainerGroup::create(params.name, GroupLimits{.memory_bytes = *limits.memory_bytes,
                                                      .processes = *limits.processes,
                                                      .cpus = params.spec.cpus});
  if (!group) return fail(group.error());
  auto process =
      SupervisedProcess::start(supervisor_, {.argv = arguments(params, root, *entries),
                                             .environment = environment_texts(options_.environment),
                                             .options = supervision(params, **group),
                                             .standard_input = params.spec.program.standard_input,
                                             .given = &box->file()});
  if (!process) return fail(process.error());
  ListeningContext listening(context);
  CommandRun run(std::move(*process), params.spec.program, listening, clock_);
  auto record = run.see_through();
  if (!record) return fail(record.error());
  auto said = box->read();
  if (!said) return fail(said.error());
  said->memory_kills = static_cast<std::uint32_t>((*group)->memory_kills());
  // It may have been the first process that was taken, and all with it.
  if (said->memory_kills > 0 && said->state == kWaybillBoxStarted) {
    said->state = kWaybillBoxEnded;
    said->value = SIGKILL;
  }
  record->left_behind = 0;
  return Run{.record = *record,
             .box = *said,
             .scratch = run.take_mounted(),
             .complaint = listening.complaint(),
             .result = run.result(),
             .artifacts = run.artifacts()};
}

Result<Bubblewrap::Built> Bubblewrap::build(const BuildParams&, const CommandSpec&, TaskContext&) {
  return fail(Code::failed_precondition,
              "bubblewrap builds no images: a Dockerfile takes a worker with --containers podman; "
              "say a process of the Procfile and an image instead");
}

}  // namespace waybill
