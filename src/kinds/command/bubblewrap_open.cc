// Whether and how a machine can run containers by bubblewrap, and the roots that it runs them in.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/digest.h"
#include "base/log.h"
#include "kinds/command/bubblewrap.h"
#include "kinds/command/listening_context.h"
#include "kinds/command/supervisor_image.h"
#include "kinds/command/worker_mark.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

/// How often one that waits for another to unpack an image looks whether that is done.
constexpr Duration kLockLook = std::chrono::milliseconds(50);

tl::unexpected<Error> no_bubblewrap(const std::string& why) {
  return fail(Code::failed_precondition, "this machine can't run containers by bubblewrap: " + why);
}

/// What of the machine the words of bwrap are about.
std::string bubblewrap_hint(const std::string& complaint) {
  const auto says = [&](std::string_view text) {
    return complaint.find(text) != std::string::npos;
  };
  if (says("amespace")) return "; the kernel has to have, and to allow, all kinds of namespaces";
  if (says("not permitted")) return "; the worker needs all capabilities of root";
  return "";
}

tl::unexpected<Error> stopped_unpacking() {
  return fail(Code::cancelled, "asked to stop while unpacking the image");
}

/// Who has it locked is who unpacks that root.
int open_lock(const std::string& root) {
  return ::open((root + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

Result<std::string> sha256_of_file(const std::string& path, const std::stop_token& stop) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return fail(Code::not_found, path + " is not there");
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  Sha256 hash;
  std::array<char, 64 << 10> buffer;
  for (;;) {
    if (stop.stop_requested()) return stopped_unpacking();
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + path));
    if (got == 0) return to_hex(hash.finish());
    hash.add({buffer.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace

Result<std::unique_ptr<Bubblewrap>> Bubblewrap::open(BubblewrapOptions options, Clock& clock) {
  if (::geteuid() != 0) {
    return no_bubblewrap(
        "cgroups and a bounded scratch directory take root; start the worker as root, or without "
        "--containers");
  }
  if (options.store.empty()) {
    return no_bubblewrap(
        "it has no images of its own; say --container-store, the directory with "
        "images as sha256-DIGEST.tar");
  }
  std::error_code unknown;
  if (!fs::is_directory(options.store, unknown)) {
    return no_bubblewrap("--container-store " + options.store +
                         " is no directory; make it, with images as sha256-DIGEST.tar");
  }
  auto supervisor = open_supervisor();
  if (!supervisor) return fail(supervisor.error());
  auto tools = CommandKind::create({.environment = options.environment}, clock);
  if (!tools) return fail(tools.error());
  auto opened = std::make_unique<Bubblewrap>(std::move(options), std::move(*supervisor),
                                             std::move(*tools), clock);
  end_containers_of_gone_workers();
  std::error_code error;
  fs::create_directories(opened->options_.store + "/roots", error);
  if (error) return no_bubblewrap("making " + opened->options_.store + ": " + error.message());
  // What images hold, as programs that run as root or devices, is for nobody on this machine.
  if (::chmod((opened->options_.store + "/roots").c_str(), 0700) != 0) {
    return no_bubblewrap("closing " + opened->options_.store +
                         "/roots to others: " + std::generic_category().message(errno));
  }
  opened->remove_half_unpacked();
  if (Status tried = opened->try_out(); !tried) return fail(tried.error());
  return opened;
}

/// `.DIGEST.MARK`, of workers that are gone: who has the lock knows that nobody unpacks that image,
/// whichever namespaces of processes the others are in.
void Bubblewrap::remove_half_unpacked() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.store + "/roots", error)) {
    const std::string name = entry.path().filename().string();
    const std::size_t mark = name.rfind('.');
    if (!name.starts_with('.') || mark == 0) continue;
    const FileDescriptor lock(open_lock(options_.store + "/roots/" + name.substr(1, mark - 1)));
    const bool is_ours = lock.is_open() && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
    if (!is_ours && errno == EWOULDBLOCK) continue;
    if (!is_ours) {
      log::warn("half_unpacked_root_not_removed", system_error(errno, "locking it").message,
                {{"root", name}});
      continue;
    }
    fs::remove_all(entry.path(), error);
    if (error) log::warn("half_unpacked_root_not_removed", error.message(), {{"root", name}});
  }
}

Result<std::string> Bubblewrap::root_of(const std::string& image, const std::stop_token& stop) {
  const std::string digest = image.substr(image.rfind(':') + 1);  // it has passed check_image()
  std::string root = options_.store + "/roots/" + digest;
  std::error_code ignored;
  if (fs::is_directory(root, ignored)) return root;
  // One unpacks, the others wait for it.
  const FileDescriptor lock(open_lock(root));
  if (!lock.is_open()) return fail(system_error(errno, "making " + root + ".lock"));
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail(system_error(errno, "locking " + root + ".lock"));
    }
    if (stop.stop_requested()) return stopped_unpacking();
    clock_.wait_until(clock_.steady_now() + kLockLook, stop);
  }
  if (fs::is_directory(root, ignored)) return root;
  if (const Status unpacked = unpack(digest, root, stop); !unpacked) return fail(unpacked.error());
  return root;
}

Status Bubblewrap::unpack(const std::string& digest, const std::string& root,
                          const std::stop_token& stop) {
  const std::string file = options_.store + "/sha256-" + digest + ".tar";
  const auto found = sha256_of_file(file, stop);
  if (!found && found.error().code == Code::not_found) {
    return fail(Code::unavailable,
                "the image is not here: put it on the worker's machine as " + file);
  }
  if (!found) return fail(found.error());
  if (*found != digest) {
    return fail(Code::failed_precondition,
                file + " is not the image that its name says: its SHA-256 is " + *found);
  }
  const std::string half = options_.store + "/roots/." + digest + "." + own_worker_mark();
  std::error_code error;
  fs::remove_all(half, error);
  if (::mkdir(half.c_str(), 0755) != 0) return fail(system_error(errno, "making " + half));
  CommandSpec spec;
  spec.argv = {"tar", "--extract", "--file=" + file, "--directory=" + half, "--numeric-owner",
               // Devices are ours to give.
               "--exclude=./dev/*", "--exclude=dev/*"};
  ToolContext context("/", stop);
  const auto run = tools_->run_program(spec, environment_texts(options_.environment), context);
  if (!run) return fail(run.error());
  const bool done = run->record.start_errno == 0 && run->record.wait_status == 0;
  const FileDescriptor directory(::open(half.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A root that is there is whole, also after the machine's crash.
  const bool kept = done && directory.is_open() && ::syncfs(directory.get()) == 0 &&
                    ::chmod(half.c_str(), 0755) == 0 && ::rename(half.c_str(), root.c_str()) == 0;
  if (kept) return {};
  const Error why = system_error(errno, "unpacking " + file);
  fs::remove_all(half, error);
  if (done) return fail(why);
  if (stop.stop_requested()) return stopped_unpacking();
  return fail(Code::unavailable, "unpacking " + file + ": " + context.complaint());
}

/// As of podman: our first process's own program, which ends with 125 when it is not called as one.
Status Bubblewrap::try_out() {
  std::string trial = (fs::temp_directory_path() / "waybill-trial-XXXXXX").string();
  if (::mkdtemp(trial.data()) == nullptr) {
    return no_bubblewrap("no directory can be made in TMPDIR or /tmp");
  }
  for (const char* name : {"/root", "/attempt"}) {
    const Status made = make_open_directory(trial + name);
    if (!made) return no_bubblewrap(made.error().message);
  }
  ContainerSpec spec;
  spec.program.argv = {"/run/waybill-init", "--"};
  spec.program.limits.memory_bytes = std::int64_t{64} << 20;
  spec.program.limits.processes = 16;
  spec.program.limits.open_files = 64;
  spec.scratch_bytes = 1 << 20;
  ToolContext context(trial + "/attempt");
  const auto run = this->run({.spec = spec,
                              .name = "waybill-trial-" + own_worker_mark(),
                              .task = "trial",
                              .environment = {},
                              .directory = trial + "/attempt",
                              .root_directory = trial + "/root"},
                             context);
  std::error_code error;
  fs::remove_all(trial, error);
  if (error) log::warn("trial_directory_not_removed", error.message(), {{"directory", trial}});
  if (!run) return no_bubblewrap(run.error().message);
  if (run->record.start_errno != 0) {
    const std::string why = std::generic_category().message(run->record.start_errno);
    if (run->record.start_stage == kWaybillStageExec) {
      return no_bubblewrap("bwrap is not installed; install bubblewrap");
    }
    return no_bubblewrap(run->record.start_stage == kWaybillStageMount
                             ? "no tmpfs can be mounted in a mount namespace: " + why
                             : "a process cannot be put into a cgroup: " + why);
  }
  const bool ran = run->box.state == kWaybillBoxEnded && WIFEXITED(run->box.value) &&
                   WEXITSTATUS(run->box.value) == 125;
  if (ran) return {};
  return no_bubblewrap("a trial failed: " + run->complaint + bubblewrap_hint(run->complaint));
}

}  // namespace waybill
