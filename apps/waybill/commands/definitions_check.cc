#include <stdlib.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "adapters/git/remote.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/definition_files.h"
#include "apps/waybill/runtime/definition_sources.h"
#include "apps/waybill/runtime/digest_of_files.h"
#include "apps/waybill/session.h"
#include "base/file_descriptor.h"
#include "core/definitions_difference.h"
#include "core/git_source.h"

namespace waybill::cli {
namespace {

namespace fs = std::filesystem;

/// As in a repository, where links are not kept: what one leads to would be read and shown.
bool is_no_link(const std::string& path) {
  std::error_code unknown;
  return !fs::is_symlink(fs::symlink_status(path, unknown));
}

/// The files of each path, which is a directory of them or one of them.
Result<ReadDocuments> read_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code unknown;
    if (!fs::is_directory(path, unknown)) {
      files.push_back(path);
      continue;
    }
    const auto of_directory = definition_files(path);
    if (!of_directory) return fail(of_directory.error());
    files.insert(files.end(), of_directory->begin(), of_directory->end());
  }
  const auto links = std::stable_partition(files.begin(), files.end(), is_no_link);
  const std::vector<std::string> refused(links, files.end());
  files.erase(links, files.end());
  auto read = read_documents(files);
  for (const std::string& link : refused) {
    if (!read) break;
    read->problems.push_back(
        {.file = link, .message = "is a link or a submodule; definitions are regular files"});
  }
  return read;
}

/// A directory of its own for what is taken from a remote to be looked at.
class Glance {
 public:
  Glance() {
    std::error_code unknown;
    path_ = (fs::temp_directory_path(unknown) / "waybill-check-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~Glance() {
    std::error_code ignored;  // it is the system's directory for what may go at any time
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Glance(const Glance&) = delete;
  Glance& operator=(const Glance&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What stands at a path here, or in a git repository.
Result<ReadDocuments> read_against(Session& session, const std::string& against) {
  std::error_code unknown;
  if (fs::exists(against, unknown)) return read_paths({against});
  const std::size_t hash = against.find('#');
  std::string text = against;
  const std::string before = against.substr(0, hash);
  if (hash != against.npos && fs::is_directory(before, unknown)) {
    text = fs::weakly_canonical(fs::absolute(before, unknown), unknown).string() +
           against.substr(hash);
  }
  const auto source = parse_git_source(text);
  if (!source) {
    return fail(with_context(source.error(),
                             "--against: there is no file or directory of that "
                             "name here, and"));
  }
  const Glance glance;
  if (glance.path().empty()) return fail(Code::unavailable, "making a temporary directory");
  const git::Remote remote(git_access(session.config()), {}, session.clock());
  const auto version = remote.fetch(*source, glance.path(), {});
  if (!version) return fail(with_context(version.error(), "--against"));
  return read_paths({glance.path() + "/trees/" + version->tree});
}

/// As for a repository: what is right here is right where it is followed.
Result<DefinitionsCheck> check_paths(Session& session, const std::vector<std::string>& paths,
                                     const std::string& against) {
  const auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  auto read = read_paths(paths);
  if (!read) return fail(read.error());
  std::vector<std::string> directories;
  for (Document& document : read->documents) {
    document.origin = GitOrigin{.repository = {}, .commit = {}, .path = document.file};
    directories.push_back(document.directory);
  }
  DefinitionsCheck check{
      .problems = std::move(read->problems), .against = against, .differences = {}};
  const DefinitionsLoad load = load_definitions(
      read->documents,
      [&](const TaskRequest& request) { return check_with_program(*kinds, request, directories); },
      digest_of_files);
  check.problems.insert(check.problems.end(), load.problems.begin(), load.problems.end());
  sort_problems(check.problems);
  if (against.empty()) return check;
  const auto before = read_against(session, against);
  if (!before) return fail(before.error());
  check.differences = definitions_difference(before->documents, read->documents);
  return check;
}

Exit check_definitions(Session& session, const Invocation& invocation) {
  const std::string format = invocation.has("format") ? invocation.text("format") : "text";
  if (format != "text" && format != "markdown" && format != "github" && format != "json") {
    return fail(Code::invalid_argument,
                "--format: \"" + format + "\" is none of text, markdown, github, json");
  }
  const auto check = check_paths(session, invocation.positionals, invocation.text("against"));
  if (!check) return fail(check.error());
  Output& output = session.output();
  if (output.json() || format == "json") {
    output.json_line(check_to_json(*check));
  } else if (format == "markdown") {
    output.data(check_to_markdown(*check));
  } else if (format == "github") {
    output.data(check_to_annotations(*check));
  } else {
    output.data(check_to_text(*check));
  }
  const auto problems = static_cast<std::int64_t>(check->problems.size());
  if (problems == 0 && check->against.empty()) {
    output.note("the definitions are right");
  } else if (problems == 0) {
    const auto differences = static_cast<std::int64_t>(check->differences.size());
    output.note("the definitions are right; " + counted(differences, "difference"));
  } else {
    output.note("the definitions have " + counted(problems, "problem"));
  }
  return problems == 0 ? 0 : 1;
}

}  // namespace

Command definitions_check_command() {
  return {
      .path = "definitions check",
      .summary = "Check files of definitions as a repository's, and show what they change",
      .examples = {"waybill definitions check ./definitions",
                   "waybill definitions check definitions --against base/definitions "
                   "--format markdown",
                   "waybill definitions check definitions --against "
                   "https://github.com/acme/tasks#main:definitions"},
      .details =
          "Problems are told as FILE:LINE:COLUMN: MESSAGE; with any the exit status is 1. Paths "
          "of programs must stay below the file's directory, since that is all that is taken "
          "of a repository. --against takes a path here, or REPOSITORY#REF:DIRECTORY; what "
          "differs changes no exit status. examples/github-actions has a workflow for pull "
          "requests.",
      .positionals = {{"PATH", "a directory or file of definitions", Positional::Times::many}},
      .options = {{"against", "SOURCE", "what runs today: a path, or a git source"},
                  {"format", "FORMAT",
                   "text; markdown for a pull request; github to annotate its lines; json"}},
      .run = check_definitions};
}

}  // namespace waybill::cli
