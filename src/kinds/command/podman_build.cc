// Images that are built for one attempt, in a store of its own.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "kinds/command/command_run.h"
#include "kinds/command/listening_context.h"
#include "kinds/command/podman.h"

namespace waybill {
namespace {

/// What a file of an image's id holds, and what podman may say of it.
Result<std::string> read_image_id(const FileDescriptor& directory) {
  const FileDescriptor file(::openat(directory.get(), "id", O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::array<char, 128> text{};
  const ssize_t got = file.is_open() ? ::read(file.get(), text.data(), text.size()) : -1;
  if (got < 0) return fail(system_error(errno, "reading the id of an image that was built"));
  std::string id(text.data(), static_cast<std::size_t>(got));
  if (const Status right = check_image(id); !right) {
    return fail(Code::internal, "podman gave an image no id that is one: " + id);
  }
  return id;
}

}  // namespace

std::vector<std::string> Podman::build_arguments(const BuildParams& params,
                                                 const ContainerGroup& group) const {
  std::vector<std::string> arguments = {
      "build", "--no-cache", "--layers=false", "--pull=never", "--isolation=oci",
      "--network=" + params.network, "--http-proxy=false", "--cap-drop=all",
      // Each step takes its own down again; the limits are
      // those of the group above.
      "--cgroup-parent=" + group.path() + "/step", "--shm-size=65536", "--ulimit=core=0:0",
      "--ulimit=nofile=1024:1024", "--iidfile=" + params.directory + "/building/id",
      "--file=" + params.context + "/" + params.dockerfile};
  // What installing packages takes.
  for (const char* capability : {"chown", "dac_override", "fowner", "fsetid", "setgid", "setuid"}) {
    arguments.push_back(std::string("--cap-add=") + capability);
  }
  arguments.emplace_back("--");
  arguments.push_back(params.context);
  return arguments;
}

Status Podman::make_disk(const std::string& path, std::int64_t bytes) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open() || ::ftruncate(file.get(), bytes) != 0) {
    return fail(system_error(errno, "making " + path));
  }
  CommandSpec spec;
  // Nothing of it is kept after a crash, so no journal; all of it is root's.
  spec.argv = {"timeout", "--kill-after=5",
               "60",      "mkfs.ext4",
               "-q",      "-F",
               "-m",      "0",
               "-O",      "^has_journal",
               "-E",      "lazy_itable_init=1,nodiscard",
               "--",      path};
  auto environment = environment_texts(options_.environment);
  // The first counts; a worker's own may lack what administrators have.
  environment.insert(environment.begin(),
                     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  ToolContext context("/");
  const auto run = tools_->run_program(spec, std::move(environment), context);
  if (!run) return fail(run.error());
  const bool done = run->record.start_errno == 0 && run->record.wait_status == 0;
  if (done) return {};
  // What `timeout` says of a program that it does not find.
  const int status = run->record.wait_status;
  if (run->record.start_errno == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return fail(Code::failed_precondition,
                "mkfs.ext4, which makes the disk of a build, is not there: install e2fsprogs");
  }
  return fail(Code::unavailable,
              "mkfs.ext4 made no file system for the disk of a build (is there room for it?): " +
                  context.complaint());
}

Result<Podman::Built> Podman::build(const BuildParams& params, const CommandSpec& spec,
                                    TaskContext& context) {
  const std::string path = params.directory + "/building";
  if (::mkdir(path.c_str(), 0700) != 0) return fail(system_error(errno, "making " + path));
  Built built{.record = {}, .image = {}, .complaint = {}, .disk = params.directory + "/disk"};
  const Status made = make_disk(built.disk, params.limits.disk_bytes);
  if (!made) return fail(made.error());
  const auto group =
      ContainerGroup::create(params.name, GroupLimits{.memory_bytes = params.limits.memory_bytes,
                                                      .processes = params.limits.processes,
                                                      .cpus = params.limits.cpus});
  if (!group) return fail(group.error());
  auto environment = environment_texts(options_.environment);
  environment.push_back("TMPDIR=" + std::string(kBuildStore));
  // The tmpfs is for the id, and for the namespace that ends with all that is mounted in it.
  std::vector<std::string> options = {"directory=/",
                                      "tmpfs=" + path,
                                      "disk=" + built.disk,
                                      "disk_at=" + std::string(kBuildStore),
                                      "pids=own",
                                      "tmpfs_options=mode=0700,size=64k",
                                      "time=" + std::to_string(params.limits.time.count())};
  // A Dockerfile's ADD is fetched by podman itself.
  if (params.network == "none") options.emplace_back("network=none");
  auto process = SupervisedProcess::start(
      supervisor_, {.argv = command(build_arguments(params, **group), Store::of_attempt),
                    .environment = std::move(environment),
                    .options = std::move(options),
                    .standard_input = {}});
  if (!process) return fail(process.error());
  ListeningContext listening(context);
  CommandRun run(std::move(*process), spec, listening, clock_);
  auto record = run.see_through();
  if (!record) return fail(record.error());
  built.record = *record;
  built.complaint = listening.complaint();
  built.disk_was_full = listening.complained_of("o space left on device");
  built.memory_limit_hit =
      listening.complained_of("exited on killed") && (*group)->was_short_of_memory();
  // Asked to stop, podman may end with 0 and no image.
  const bool done = record->reaped_at != Time{} && record->start_errno == 0 && !record->stopped &&
                    record->wait_status == 0;
  if (!done) return built;
  auto image = read_image_id(run.take_mounted());
  if (!image) return fail(image.error());
  built.image = std::move(*image);
  return built;
}

}  // namespace waybill
