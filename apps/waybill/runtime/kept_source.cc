#include "apps/waybill/runtime/kept_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "adapters/file/file_io.h"
#include "adapters/yaml/yaml.h"
#include "apps/waybill/definition_files.h"
#include "base/digest.h"
#include "base/utf8.h"

namespace waybill::cli {
namespace {

/// Files of definitions in one directory of a repository: each round of a merge reads them all.
constexpr std::size_t kSourceFilesMax = 256;
constexpr std::size_t kSourceBytesMax = std::size_t{8} << 20;  ///< of them together
constexpr std::size_t kProblemsKept = 100;
constexpr std::size_t kLeftOutKept = 200;

Result<std::string> read_text(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail(system_error(errno, "reading " + path));
  return read_all(file, 4096, path);
}

/// On disk as a whole, or as it was.
Status replace_file(const std::string& path, std::string_view text) {
  const std::string next = path + ".next";
  const FileDescriptor file(
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.is_open()) return fail(system_error(errno, "writing " + next));
  if (Status written = write_all(file, text, next); !written) return written;
  if (Status synced = sync(file, next); !synced) return synced;
  if (::rename(next.c_str(), path.c_str()) != 0) {
    return fail(system_error(errno, "replacing " + path));
  }
  return sync_directory_of(path);
}

bool is_definitions_path(const std::string& path) {
  return path.find('/') == path.npos && is_definitions_name(path);
}

/// A name with control characters and backslashes as `\xNN`.
std::string on_one_line(const std::string& path) {
  std::string shown;
  for (const char c : path) {
    const bool is_odd = static_cast<unsigned char>(c) < ' ' || c == '\x7f' || c == '\\';
    shown += is_odd ? "\\x" + to_hex(std::string(1, c)) : std::string(1, c);
  }
  return escape_utf8(shown);
}

}  // namespace

KeptSource::KeptSource(GitSource source, const std::string& kept)
    : source_(std::move(source)), place_(kept + "/" + to_hex(sha256(source_.text)).substr(0, 16)) {}

Result<SourceState> KeptSource::read_state(const std::string& place) {
  const std::string path = place + "/state.json";
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  auto state = read_source_state(*text);
  if (state) return state;
  return fail(
      with_context(state.error(), path + ": remove it, and run `waybill definitions sync`"));
}

Result<SourceState> KeptSource::state() const {
  auto state = read_state(place_);
  if (!state && state.error().code == Code::not_found) return SourceState{.source = source_.text};
  return state;
}

Status KeptSource::keep(const SourceState& state) const {
  return replace_file(place_ + "/state.json", source_state_to_json(state));
}

std::string KeptSource::stamp() const {
  struct stat found {};
  if (::stat((place_ + "/state.json").c_str(), &found) != 0) return "";
  return std::to_string(found.st_ino) + "." + std::to_string(found.st_mtim.tv_sec) + "." +
         std::to_string(found.st_mtim.tv_nsec);
}

std::string KeptSource::path_in(const std::string& name) const {
  return source_.directory.empty() ? name : source_.directory + "/" + name;
}

std::string KeptSource::shown(const std::string& commit, const std::string& name) const {
  return source_.repository + "@" + short_commit(commit) + ":" + path_in(name);
}

Result<ReadFile> KeptSource::read(const PinnedFile& pinned, const std::string& name) const {
  const auto text = read_text(tree(pinned.tree) + "/" + name);
  if (!text) return fail(text.error());
  yaml::Reading reading = yaml::read(shown(pinned.commit, name), *text);
  ReadFile file{.document = std::move(reading.document), .problems = std::move(reading.problems)};
  file.document.directory = tree(pinned.tree);
  file.document.origin =
      GitOrigin{.repository = source_.repository, .commit = pinned.commit, .path = path_in(name)};
  return file;
}

std::vector<Problem> KeptSource::problems_of_names(const SourceState& state) const {
  std::vector<Problem> problems;
  for (const std::string& path : state.left_out) {
    const std::string name = on_one_line(path);
    if (name != path) {
      problems.push_back({.file = shown(state.commit, name),
                          .message = "is left out: its name has a control character, a backslash "
                                     "or bytes that are not UTF-8; rename it"});
    } else if (is_definitions_path(path)) {
      problems.push_back({.file = shown(state.commit, path),
                          .message = "is a link or a submodule; definitions are regular files"});
    }
  }
  return problems;
}

Status KeptSource::add_latest(const SourceState& state, Files& found) const {
  if (state.tree.empty()) return {};
  const auto paths = definition_files(tree(state.tree));
  if (!paths && paths.error().code == Code::not_found) {
    found.problems.push_back({.file = tree(state.tree),
                              .message = "is gone; `waybill definitions sync` takes it again"});
    return {};
  }
  if (!paths) return fail(paths.error());
  std::size_t bytes = 0;
  for (const std::string& path : *paths) {
    const std::string name = std::filesystem::path(path).filename().string();
    std::error_code unknown;
    const std::size_t size = std::filesystem::file_size(path, unknown);
    const bool is_last = found.files.latest.size() == kSourceFilesMax;
    // One that is too big is refused by itself, and takes no room from the others.
    const std::size_t taken = size > yaml::kBytesMax ? 0 : size;
    if (is_last || taken > kSourceBytesMax - bytes) {
      found.problems.push_back(
          {.file = shown(state.commit, name),
           .message = "is left out: of one directory " + std::to_string(kSourceFilesMax) +
                      " files of definitions are taken, of " +
                      std::to_string(kSourceBytesMax >> 20) + " MiB together"});
      if (is_last) return {};
      continue;
    }
    bytes += taken;
    auto file = read({state.commit, state.tree}, name);
    if (!file) return fail(file.error());
    found.files.latest.emplace(name, std::move(*file));
  }
  return {};
}

Result<KeptSource::Files> KeptSource::files(const SourceState& state) const {
  Files found{.files = {}, .problems = problems_of_names(state)};
  if (Status added = add_latest(state, found); !added) return fail(added.error());
  for (const auto& [name, pinned] : state.files) {
    const auto latest = found.files.latest.find(name);
    if (latest == found.files.latest.end()) continue;
    // Also one that is as it was, so that what was refused of its commit takes no name from it.
    if (pinned.commit == state.commit) {
      found.files.before.emplace(name, latest->second);
      continue;
    }
    auto file = read(pinned, name);
    // Somebody has removed that version: what is wrong with the latest one is told anyway.
    if (!file && file.error().code == Code::not_found) continue;
    if (!file) return fail(file.error());
    found.files.before.emplace(name, std::move(*file));
  }
  return found;
}

void KeptSource::sweep() const {
  std::error_code ignored;  // what cannot be removed is in nobody's way
  for (std::filesystem::directory_iterator it(place_ + "/trees", ignored), end;
       !ignored && it != end; it.increment(ignored)) {
    if (it->path().filename().string().starts_with(".new-")) {
      std::error_code unremoved;
      std::filesystem::remove_all(it->path(), unremoved);
    }
  }
}

void KeptSource::keep_few(std::vector<Problem>& problems) const {
  sort_problems(problems);
  if (problems.size() <= kProblemsKept) return;
  const std::size_t more = problems.size() - kProblemsKept;
  problems.resize(kProblemsKept);
  problems.push_back({.file = source_.text,
                      .message = "there are " + std::to_string(more) +
                                 " more; `waybill definitions check` lists all"});
}

void KeptSource::keep_few(std::vector<std::string>& left_out) {
  // Those that matter first.
  std::stable_partition(left_out.begin(), left_out.end(), [](const std::string& path) {
    return is_definitions_path(path) || on_one_line(path) != path;
  });
  if (left_out.size() > kLeftOutKept) left_out.resize(kLeftOutKept);
}

}  // namespace waybill::cli
