#include "kinds/command/repo_run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "base/file_descriptor.h"
#include "core/git_source.h"
#include "core/size.h"
#include "kinds/command/container.h"
#include "kinds/command/container_group.h"
#include "kinds/command/dockerfile.h"
#include "kinds/command/procfile.h"
#include "kinds/command/run_steps.h"

namespace waybill {
namespace {

/// Of a Procfile or a Dockerfile.
constexpr off_t kInstructionsBytesMax = 64 << 10;

outcome::Failed failed_repo_run(FailureClass failure_class, std::string error) {
  return {.failure_class = failure_class, .error = std::move(error)};
}

/// The tree holds regular files alone, so that no link leads out of it.
Result<std::string> read_from(const std::string& tree, const std::string& name) {
  const FileDescriptor file(
      ::open((tree + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  const bool is_there = file.is_open() && ::fstat(file.get(), &status) == 0;
  if (is_there ? !S_ISREG(status.st_mode) : errno == ENOENT || errno == ENOTDIR) {
    return fail(Code::not_found, "the repository has no " + name + " at that commit");
  }
  if (!is_there) return fail(system_error(errno, "opening " + name));
  if (status.st_size > kInstructionsBytesMax) {
    return fail(Code::invalid_argument, name + " is over 64 KiB");
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + name));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

/// Lets any user read what is there, whatever our umask: the program's is none of ours.
Status open_up(const std::string& tree) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto add = [&](const fs::path& path, fs::perms more) {
    if (!error) fs::permissions(path, more, fs::perm_options::add, error);
  };
  constexpr fs::perms kRead =
      fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  constexpr fs::perms kEnter =
      fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  add(tree, kRead | kEnter);
  for (fs::recursive_directory_iterator entry(tree, error), end; !error && entry != end;
       entry.increment(error)) {
    const bool enter = entry->is_directory(error) || (entry->status(error).permissions() &
                                                      fs::perms::owner_exec) != fs::perms::none;
    add(entry->path(), enter ? kRead | kEnter : kRead);
  }
  if (!error) return {};
  return fail(system_error(error.value(), "opening up the files of the repository"));
}

/// Brings the artifact to where the container finds it, and says where that is.
Status bring_artifact(const std::string& sha256, RepoRunSpec& spec, TaskContext& context) {
  if (sha256.empty()) return {};
  const auto fetched = context.artifacts().fetch(sha256, "artifact");
  if (!fetched) return fail(with_context(fetched.error(), "the artifact " + sha256));
  const std::string given = context.scratch_directory() + "/given";
  if (const Status made = make_open_directory(given); !made) return made;
  const bool moved = ::rename(fetched->c_str(), (given + "/artifact").c_str()) == 0 &&
                     ::chmod((given + "/artifact").c_str(), 0444) == 0;
  if (!moved) return fail(system_error(errno, "giving the artifact to the container"));
  spec.container.program.environment["WAYBILL_ARTIFACT"] =
      std::string(kContainerGiven) + "/artifact";
  return {};
}

/// What a limit of the build has to do with its end; empty: nothing.
std::string limit_of_build(const ContainerEngine::Built& built, const BuildLimits& limits) {
  const RunRecord& record = built.record;
  if (record.stopped && record.requested_at == Time{}) {
    return "it went on for longer than " + format_duration(limits.time) +
           "; raise build_limits.time, or make it quicker";
  }
  if (built.memory_limit_hit) {
    return "a step was killed: it went over the memory limit of " +
           format_size(limits.memory_bytes) + "; raise build_limits.memory, or make it use less";
  }
  if (built.disk_was_full) {
    return built.complaint + "; the disk of a build has " + format_size(limits.disk_bytes) +
           ": raise build_limits.disk, or make the image smaller";
  }
  return {};
}

Outcome without_image(const ContainerEngine::Built& built, const RepoRunSpec& spec) {
  const RunRecord& record = built.record;
  if (record.start_errno != 0) {
    return failed_repo_run(
        FailureClass::transient,
        record.start_stage == kWaybillStageMount
            ? "cannot mount the disk of the build: " +
                  std::generic_category().message(record.start_errno)
            : "cannot run podman: " + std::generic_category().message(record.start_errno));
  }
  const std::string limit = limit_of_build(built, spec.build_limits);
  const bool was_asked = record.requested_at != Time{} && record.stopped;
  if (!limit.empty() && record.reaped_at != Time{} && !was_asked) {
    return failed_repo_run(FailureClass::permanent, "the image could not be built: " + limit);
  }
  const bool ended = record.reaped_at != Time{} && !record.stopped && WIFEXITED(record.wait_status);
  if (!ended) return judge(record, spec.container.program, {});
  const bool no_base = built.complaint.find("image not known") != std::string::npos ||
                       built.complaint.find("no such image") != std::string::npos;
  return failed_repo_run(
      no_base ? FailureClass::transient : FailureClass::permanent,
      "the image could not be built: " + built.complaint +
          (no_base ? "; bring the image that it begins with to the worker's machine" : ""));
}

}  // namespace

Status RepoRunKind::check(const TaskRequest& request) const {
  const auto spec = parse_repo_run_spec(request.spec);
  if (!spec) return fail(spec.error());
  if (request.definition.empty()) {
    return fail(Code::invalid_argument,
                "a task of kind repo.run has to be made from a definition, whose who_may says who "
                "may write to the repository");
  }
  return {};
}

Outcome RepoRunKind::run(const Task& task, TaskContext& context) {
  if (const Status may = check(task.request); !may) {
    return failed_run(FailureClass::permanent, may.error());
  }
  auto spec = parse_repo_run_spec(task.request.spec);
  if (!spec) return failed_run(FailureClass::permanent, spec.error());
  const auto target = repo_run_target(*spec, task.request.params);
  if (!target) return failed_run(FailureClass::permanent, target.error());
  if (engine_ == nullptr) {
    return failed_repo_run(FailureClass::transient,
                           "this worker runs no containers; start it with --containers");
  }
  if (const Status given = give_secrets(spec->container.program, context); !given) {
    return without_secrets(given.error(), context);
  }
  const auto tree = trees_->bring(target->source, context.scratch_directory() + "/repository",
                                  {.at = context.deadline(), .stop = context.stop()});
  if (!tree && context.stop().stop_requested()) {
    return outcome::Stopped{.proof = R"({"stopped_while":"fetching the repository"})"};
  }
  if (!tree) return failed_run(class_of(tree.error()), tree.error());
  context.log(LogStream::system,
              "[" + target->source.repository + " at " + short_commit(target->source.ref) + "]\n");
  if (const Status brought = bring_artifact(target->artifact, *spec, context); !brought) {
    return failed_run(class_of(brought.error()), brought.error());
  }
  if (!spec->process.empty()) return run_process(std::move(*spec), *tree, task, context);
  return build_and_run(std::move(*spec), *tree, task, context);
}

Outcome RepoRunKind::run_process(RepoRunSpec spec, const std::string& tree, const Task& task,
                                 TaskContext& context) {
  if (const Status opened = open_up(tree); !opened) {
    return failed_run(FailureClass::transient, opened.error());
  }
  const auto procfile = read_from(tree, "Procfile");
  if (!procfile) return failed_run(class_of(procfile.error()), procfile.error());
  auto command = procfile_command(*procfile, spec.process);
  if (!command) return failed_run(class_of(command.error()), command.error());
  spec.container.program.argv = {"/bin/sh", "-c", std::move(*command)};
  if (!spec.container.arguments.empty()) {
    spec.container.arguments.insert(spec.container.arguments.begin(), spec.process);
  }
  if (spec.container.program.working_directory.empty()) {
    spec.container.program.working_directory = "/app";
  }
  return run_container(*engine_, spec.container, task, context, {.application = tree});
}

Outcome RepoRunKind::build_and_run(RepoRunSpec spec, const std::string& tree, const Task& task,
                                   TaskContext& context) {
  const auto dockerfile = read_from(tree, spec.dockerfile);
  if (!dockerfile) return failed_run(class_of(dockerfile.error()), dockerfile.error());
  if (const Status may = check_dockerfile(*dockerfile); !may) {
    return failed_run(FailureClass::permanent, may.error());
  }
  const auto built =
      engine_->build({.context = tree,
                      .dockerfile = spec.dockerfile,
                      .network = spec.build_network,
                      .limits = spec.build_limits,
                      .name = container_name(to_string(task.id()), task.status.fence),
                      .directory = context.scratch_directory()},
                     spec.container.program, context);
  if (!built) return failed_run(class_of(built.error()), built.error());
  if (built->image.empty()) return without_image(*built, spec);
  spec.container.image = built->image;
  spec.container.pull = "never";
  return run_container(*engine_, spec.container, task, context, {.disk = built->disk});
}

}  // namespace waybill
