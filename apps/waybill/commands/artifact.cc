#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "base/digest_copy.h"
#include "core/size.h"
#include "core/task_json.h"
#include "services/provenance_desk.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

void print_artifacts(Output& output, const std::vector<Artifact>& artifacts) {
  Table table({"name", "size", "media type", "sha256"});
  for (const Artifact& artifact : artifacts) {
    table.add({artifact.name, format_size(artifact.size_bytes), artifact.media_type,
               Cell(artifact.sha256, Colour::grey)});
  }
  output.data(table.text(output));
}

Exit list_artifacts(Session& session, const Invocation& invocation) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto task = find_task((*store)->reader(), invocation.positionals[0]);
  if (!task) return fail(task.error());
  const auto artifacts = all_artifacts((*store)->beside().artifacts, task->id());
  if (!artifacts) return fail(artifacts.error());
  if (session.output().json()) {
    bj::array list;
    for (const Artifact& artifact : *artifacts) list.push_back(artifact_to_json(artifact));
    session.output().json_line(
        bj::object{{"task", to_string(task->id())}, {"artifacts", std::move(list)}});
    return 0;
  }
  if (!artifacts->empty()) {
    print_artifacts(session.output(), *artifacts);
    return 0;
  }
  const std::string state(to_string(task->status.state));
  session.output().note(task->status.state == State::succeeded
                            ? "no artifacts: it has left none"
                            : "no artifacts: it is " + state +
                                  ", and has artifacts once it has succeeded");
  return 0;
}

/// Writes a content to standard output, or to a file that has its name only when it is whole and on
/// disk. What is there and no file (a FIFO, a device) is written through; links stay.
class Target {
 public:
  explicit Target(std::string path) : path_(std::move(path)) {}
  ~Target() {
    if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  Status take(const FileDescriptor& content, const std::string& sha256) {
    Result<FileDescriptor> file = open();
    if (!file) return fail(file.error());
    const std::string what = path_.empty() ? "standard output" : path_;
    const auto copied = copy_with_digest(content, *file, what);
    if (!copied) return fail(copied.error());
    if (copied->sha256 != sha256) {
      return fail(Code::data_loss, "the content is not the one of SHA-256 " + sha256);
    }
    return is_new_ ? name(*file) : Status();
  }

 private:
  Result<FileDescriptor> open() {
    if (path_.empty()) {
      FileDescriptor file(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
      if (file.is_open()) return file;
      return fail(system_error(errno, "writing to standard output"));
    }
    struct stat status {};
    const bool is_there = ::stat(path_.c_str(), &status) == 0;
    struct stat link {};
    const bool leads_nowhere = !is_there && ::lstat(path_.c_str(), &link) == 0;
    if ((is_there && !S_ISREG(status.st_mode)) || leads_nowhere) {
      FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
      if (file.is_open()) return file;
      return fail(system_error(errno, "writing " + path_));
    }
    is_new_ = true;
    return make(is_there ? real_path() : path_);
  }

  std::string real_path() const {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path_.c_str(), nullptr),
                                                           &std::free);
    return real ? real.get() : path_;
  }

  /// Without a name, so that nothing is left of one that is interrupted, where that can be.
  Result<FileDescriptor> make(std::string place) {
    place_ = std::move(place);
    const std::size_t slash = place_.rfind('/');
    const std::string directory = slash == place_.npos ? "." : place_.substr(0, slash + 1);
    FileDescriptor nameless(
        ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));  // umask applies
    if (nameless.is_open()) return nameless;
    std::string pattern = place_ + ".XXXXXX";
    FileDescriptor file(::mkostemp(pattern.data(), O_CLOEXEC));
    if (!file.is_open()) return fail(system_error(errno, "writing " + path_));
    unfinished_ = pattern;
    // As for any other file that a command writes.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(file.get(), 0666 & ~mask) != 0) {
      return fail(system_error(errno, "writing " + path_));
    }
    return file;
  }

  Status name(const FileDescriptor& file) {
    if (::fsync(file.get()) != 0) return fail(system_error(errno, "writing " + path_));
    if (unfinished_.empty()) {
      // A link replaces nothing, a renaming does.
      const std::string unfinished = place_ + "." + std::to_string(::getpid()) + ".unfinished";
      const std::string nameless = "/proc/self/fd/" + std::to_string(file.get());
      if (::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, unfinished.c_str(), AT_SYMLINK_FOLLOW) !=
          0) {
        return fail(system_error(errno, "writing " + path_));
      }
      unfinished_ = unfinished;
    }
    if (std::rename(unfinished_.c_str(), place_.c_str()) != 0) {
      return fail(system_error(errno, "writing " + path_));
    }
    unfinished_.clear();
    return {};
  }

  const std::string path_;
  bool is_new_ = false;
  std::string place_;  // where the file goes: what links lead to
  std::string unfinished_;
};

Exit get_artifact(Session& session, const Invocation& invocation) {
  const std::string output = invocation.text("output");
  if (invocation.has("output") && output.empty()) {
    return fail(Code::invalid_argument, "--output: name a file");
  }
  if (session.output().json() && output.empty()) {
    return fail(Code::invalid_argument, "--json: name a file for the content with --output FILE");
  }
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto task = find_task((*store)->reader(), invocation.positionals[0]);
  if (!task) return fail(task.error());
  const auto artifact = (*store)->beside().artifacts.find(task->id(), invocation.positionals[1]);
  if (!artifact) return fail(artifact.error());
  const auto content = (*store)->contents().open(artifact->sha256);
  if (!content) return fail(with_context(content.error(), "artifact \"" + artifact->name + "\""));
  if (Status written = Target(output).take(*content, artifact->sha256); !written) {
    return fail(written.error());
  }
  if (output.empty()) return 0;
  if (session.output().json()) {
    bj::object object = artifact_to_json(*artifact);
    object["task"] = to_string(task->id());
    object["output"] = output;
    session.output().json_line(object);
    return 0;
  }
  session.output().note("wrote " + output + ": " + format_size(artifact->size_bytes) +
                        ", SHA-256 as kept");
  return 0;
}

}  // namespace

std::vector<Command> artifact_commands() {
  return {
      {.path = "artifact list",
       .summary = "List the files that a task left behind",
       .examples = {"waybill artifact list 0192f3c1-7a52"},
       .positionals = {{"ID", "the task's id, or its beginning"}},
       .run = list_artifacts},
      {.path = "artifact get",
       .summary = "Copy a file that a task left behind, and see that it is whole",
       .examples = {"waybill artifact get 0192f3c1-7a52 report.csv --output report.csv",
                    "waybill artifact get 0192f3c1-7a52 out/data.json | jq ."},
       .positionals = {{"ID", "the task's id, or its beginning"}, {"NAME", "the artifact's name"}},
       .options = {{"output", "FILE", "write to this file instead of standard output",
                    Option::Times::once, 'o'}},
       .run = get_artifact}};
}

}  // namespace waybill::cli
