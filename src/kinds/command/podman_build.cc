// Images that are built for one attempt, in a store of its own.

#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>
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

std::vector<std::string> Podman::build_arguments(const BuildParams& params) const {
  const std::string memory = std::to_string(params.memory_bytes);
  std::vector<std::string> arguments = {"build",
                                        "--no-cache",
                                        "--layers=false",
                                        "--pull=never",
                                        "--isolation=oci",
                                        "--network=" + params.network,
                                        "--http-proxy=false",
                                        "--cap-drop=all",
                                        "--memory=" + memory,
                                        "--memory-swap=" + memory,
                                        "--shm-size=65536",
                                        "--ulimit=core=0:0",
                                        "--iidfile=" + params.directory + "/building/id",
                                        "--file=" + params.context + "/" + params.dockerfile};
  // What installing packages takes.
  for (const char* capability : {"chown", "dac_override", "fowner", "fsetid", "setgid", "setuid"}) {
    arguments.push_back(std::string("--cap-add=") + capability);
  }
  arguments.emplace_back("--");
  arguments.push_back(params.context);
  return arguments;
}

Result<Podman::Built> Podman::build(const BuildParams& params, const CommandSpec& spec,
                                    TaskContext& context) {
  for (const char* name : {"/building", "/store"}) {
    const std::string path = params.directory + name;
    if (::mkdir(path.c_str(), 0700) != 0) return fail(system_error(errno, "making " + path));
  }
  auto environment = own_environment();
  environment.push_back("TMPDIR=" + params.directory + "/store");
  std::vector<std::string> options = {
      "directory=/", "tmpfs=" + params.directory + "/building", "tmpfs_options=mode=0700,size=64k",
      "bind_from=" + params.directory + "/store", "bind_to=" + std::string(kBuildStore)};
  // A Dockerfile's ADD is fetched by podman itself.
  if (params.network == "none") options.emplace_back("network=none");
  // The mount is for the id, and for the namespace that ends with all that is mounted in it.
  auto process = SupervisedProcess::start(
      supervisor_, {.argv = command(build_arguments(params), Store::of_attempt),
                    .environment = std::move(environment),
                    .options = std::move(options),
                    .standard_input = {}});
  if (!process) return fail(process.error());
  ListeningContext listening(context);
  CommandRun run(std::move(*process), spec, listening, clock_);
  auto record = run.see_through();
  if (!record) return fail(record.error());
  Built built{.record = *record, .image = {}, .complaint = listening.complaint()};
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
