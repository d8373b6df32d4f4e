#include "apps/waybill/runtime/definition_sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "adapters/file/file_io.h"
#include "adapters/yaml/yaml.h"
#include "apps/waybill/definition_files.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/store.h"
#include "base/digest.h"

namespace waybill::cli {
namespace {

/// Files of definitions in one directory of a repository: each round of a merge reads them all.
constexpr std::size_t kSourceFilesMax = 256;
/// Of one source's turn, all its runs of git together.
constexpr Duration kAskingMax = std::chrono::minutes(3);

std::string kept_below(const Config& config) {
  std::error_code ignored;
  return (std::filesystem::absolute(config.data, ignored) / "definitions")
      .lexically_normal()
      .string();
}

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
  if (Status synced = waybill::sync(file, next); !synced) return synced;
  if (::rename(next.c_str(), path.c_str()) != 0) {
    return fail(system_error(errno, "replacing " + path));
  }
  return sync_directory_of(path);
}

/// What killed processes have left: nobody else is at it while the lock is held.
void sweep(const std::string& trees) {
  std::error_code ignored;  // what cannot be removed is in nobody's way
  for (std::filesystem::directory_iterator it(trees, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    if (it->path().filename().string().starts_with(".new-")) {
      std::error_code unremoved;
      std::filesystem::remove_all(it->path(), unremoved);
    }
  }
}

std::string path_in(const GitSource& source, const std::string& name) {
  return source.directory.empty() ? name : source.directory + "/" + name;
}

std::string shown(const GitSource& source, const std::string& commit, const std::string& name) {
  return source.repository + "@" + short_commit(commit) + ":" + path_in(source, name);
}

Result<ReadFile> read_pinned(const GitSource& source, const std::string& directory,
                             const std::string& commit, const std::string& name) {
  const auto text = read_text(directory + "/" + name);
  if (!text) return fail(text.error());
  yaml::Reading reading = yaml::read(shown(source, commit, name), *text);
  ReadFile file{.document = std::move(reading.document), .problems = std::move(reading.problems)};
  file.document.directory = directory;
  file.document.origin =
      GitOrigin{.repository = source.repository, .commit = commit, .path = path_in(source, name)};
  return file;
}

/// Definitions that are no regular files, and too many of them.
std::vector<Problem> problems_of_names(const GitSource& source, const SourceState& state) {
  std::vector<Problem> problems;
  for (const std::string& path : state.left_out) {
    if (path.find('/') != path.npos || !is_definitions_name(path)) continue;
    problems.push_back({.file = shown(source, state.commit, path),
                        .message = "is a link or a submodule; definitions are regular files"});
  }
  return problems;
}

}  // namespace

git::Access git_access(const Config& config) {
  git::Access access{.credentials_file = config.git_credentials_file,
                     .ssh_key_file = config.git_ssh_key_file,
                     .known_hosts_file = config.git_known_hosts_file,
                     .environment = {}};
  std::error_code ignored;
  for (std::string* path :
       {&access.credentials_file, &access.ssh_key_file, &access.known_hosts_file}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path, ignored).string();
  }
  const Variables environment = process_environment();
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"}) {
    const std::string value = variable_in(environment, name);
    if (!value.empty()) access.environment.push_back(std::string(name) + "=" + value);
  }
  const std::string authorities = variable_in(environment, "SSL_CERT_FILE");
  if (!authorities.empty()) access.environment.push_back("GIT_SSL_CAINFO=" + authorities);
  return access;
}

DefinitionSources::DefinitionSources(const Config& config, Kinds kinds, Clock& clock)
    : data_(config.data),
      directory_(config.definitions),
      kept_(kept_below(config)),
      kinds_(std::move(kinds)),
      clock_(clock),
      remote_(git_access(config), git::Limits{}, clock) {}

Result<std::unique_ptr<DefinitionSources>> DefinitionSources::create(const Config& config,
                                                                     Clock& clock) {
  auto kinds = Kinds::create(clock);
  if (!kinds) return fail(kinds.error());
  std::unique_ptr<DefinitionSources> made(new DefinitionSources(config, std::move(*kinds), clock));
  for (const std::string& text : config.definitions_from) {
    auto source = parse_git_source(text);
    if (!source) return fail(source.error());
    made->sources_.push_back(std::move(*source));
  }
  return made;
}

std::string DefinitionSources::place_of(const GitSource& source) const {
  return kept_ + "/" + to_hex(sha256(source.text)).substr(0, 16);
}

Result<SourceState> DefinitionSources::state_of(const GitSource& source) const {
  const std::string path = place_of(source) + "/state.json";
  const auto text = read_text(path);
  if (!text && text.error().code == Code::not_found) return SourceState{.source = source.text};
  if (!text) return fail(text.error());
  auto state = read_source_state(*text);
  if (!state) {
    return fail(with_context(state.error(), path + ": remove it, and run `waybill definitions "
                                                   "sync`"));
  }
  return state;
}

Status DefinitionSources::keep(const GitSource& source, const SourceState& state) const {
  return replace_file(place_of(source) + "/state.json", source_state_to_json(state));
}

Result<SourceFiles> DefinitionSources::files_of(const GitSource& source,
                                                const SourceState& state) const {
  SourceFiles files;
  const std::string trees = place_of(source) + "/trees/";
  if (!state.tree.empty()) {
    const auto latest = definition_files(trees + state.tree);
    if (!latest) return fail(latest.error());
    for (const std::string& path : *latest) {
      const std::string name = std::filesystem::path(path).filename().string();
      if (files.latest.size() == kSourceFilesMax) {
        ReadFile& last = files.latest.rbegin()->second;
        last.problems.push_back({.file = shown(source, state.commit, name),
                                 .message = "is one more than the " +
                                            std::to_string(kSourceFilesMax) +
                                            " files of definitions that are taken of a directory"});
        break;
      }
      auto read = read_pinned(source, trees + state.tree, state.commit, name);
      if (!read) return fail(read.error());
      files.latest.emplace(name, std::move(*read));
    }
  }
  for (const auto& [name, pinned] : state.files) {
    if (!files.latest.contains(name) || pinned.commit == state.commit) continue;
    auto read = read_pinned(source, trees + pinned.tree, pinned.commit, name);
    if (!read) return fail(read.error());
    files.before.emplace(name, std::move(*read));
  }
  return files;
}

Result<const ReadDocuments*> DefinitionSources::own() {
  if (!own_) {
    std::vector<std::string> files;
    if (!directory_.empty()) {
      auto found = definition_files(directory_);
      if (!found) return fail(found.error());
      files = std::move(*found);
    }
    auto read = read_documents(files);
    if (!read) return fail(read.error());
    own_ = std::move(*read);
  }
  return &*own_;
}

Result<DefinitionSources::Loaded> DefinitionSources::merge(std::vector<SourceState> states) {
  const auto own = this->own();
  if (!own) return fail(own.error());
  std::vector<SourceFiles> files;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto of_source = files_of(sources_[i], states[i]);
    if (!of_source) return fail(with_context(of_source.error(), sources_[i].text));
    files.push_back(std::move(*of_source));
  }
  MergedDefinitions merged = merge_definitions(
      (*own)->documents, files,
      [this](const TaskRequest& request) { return check_with_program(kinds_, request, {kept_}); });
  std::vector<Problem> problems = (*own)->problems;
  problems.insert(problems.end(), merged.problems.begin(), merged.problems.end());
  if (!problems.empty()) {
    sort_problems(problems);
    return Loaded{.definitions = {}, .states = std::move(states), .problems = std::move(problems)};
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    SourceState& state = states[i];
    std::map<std::string, PinnedFile> holding;
    for (const auto& [name, origin] : merged.choices[i].files) {
      const bool is_latest = origin.commit == state.commit;
      holding.emplace(name,
                      is_latest ? PinnedFile{state.commit, state.tree} : state.files.at(name));
    }
    state.files = std::move(holding);
    state.problems = problems_of_names(sources_[i], state);
    const std::vector<Problem>& more = merged.choices[i].problems;
    state.problems.insert(state.problems.end(), more.begin(), more.end());
    sort_problems(state.problems);
  }
  return Loaded{.definitions = std::move(merged.definitions), .states = std::move(states)};
}

bool DefinitionSources::Loaded::is_complete() const {
  return std::ranges::none_of(states, [](const SourceState& state) { return state.tree.empty(); });
}

Result<DefinitionSources::Loaded> DefinitionSources::whole(Result<Loaded> loaded) const {
  if (!loaded || loaded->problems.empty()) return loaded;
  return fail(problems_error("the definitions in " + directory_, loaded->problems));
}

Result<DefinitionSources::Loaded> DefinitionSources::load() { return whole(look()); }

Result<DefinitionSources::Loaded> DefinitionSources::look() {
  std::vector<SourceState> states;
  for (const GitSource& source : sources_) {
    auto state = state_of(source);
    if (!state) return fail(state.error());
    states.push_back(std::move(*state));
  }
  return merge(std::move(states));
}

void DefinitionSources::ask(const GitSource& source, SourceState& state,
                            const Deadline& deadline) const {
  const std::string place = place_of(source);
  sweep(place + "/trees");
  const Deadline until{.at = std::min(deadline.at, clock_.steady_now() + kAskingMax),
                       .stop = deadline.stop};
  state.checked_at = clock_.now();
  state.error.clear();
  const auto commit = remote_.find(source, until);
  if (!commit) {
    state.error = commit.error().message;
    return;
  }
  const std::string kept = place + "/trees/" + state.tree;
  if (*commit == state.commit && ::access(kept.c_str(), F_OK) == 0) return;
  auto version = remote_.fetch(source, place, until);
  if (!version) {
    state.error = version.error().message;
    return;
  }
  state.commit = std::move(version->commit);
  state.tree = std::move(version->tree);
  state.left_out = std::move(version->left_out);
  state.changed_at = state.checked_at;
}

Result<DefinitionSources::Loaded> DefinitionSources::ask_all(const Deadline& deadline, Keep keep) {
  if (sources_.empty()) return load();
  if (Status made = make_data_directory(data_); !made) return fail(made.error());
  std::error_code error;
  for (const GitSource& source : sources_) {
    std::filesystem::create_directories(place_of(source), error);
    if (error) return fail(system_error(error.value(), "making " + place_of(source)));
  }
  const std::string path = kept_ + "/lock";
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  const auto lock = FileLock::take(file, path);
  if (!lock) return fail(lock.error());
  std::vector<SourceState> states;
  for (const GitSource& source : sources_) {
    auto state = state_of(source);
    if (!state) return fail(state.error());
    ask(source, *state, deadline);
    if (deadline.stop_requested()) return fail(Code::cancelled, "asking for definitions");
    states.push_back(std::move(*state));
  }
  auto loaded = whole(merge(std::move(states)));
  if (!loaded || keep == Keep::no) return loaded;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (Status kept = this->keep(sources_[i], loaded->states[i]); !kept) return fail(kept.error());
  }
  return loaded;
}

Result<DefinitionSources::Loaded> DefinitionSources::sync(const Deadline& deadline) {
  return ask_all(deadline, Keep::yes);
}

Result<DefinitionSources::Loaded> DefinitionSources::try_sync(const Deadline& deadline) {
  return ask_all(deadline, Keep::no);
}

std::string DefinitionSources::stamp() const {
  std::string stamp;
  for (const GitSource& source : sources_) {
    struct stat found {};
    const std::string path = place_of(source) + "/state.json";
    if (::stat(path.c_str(), &found) != 0) continue;
    stamp += std::to_string(found.st_ino) + "." + std::to_string(found.st_mtim.tv_sec) + "." +
             std::to_string(found.st_mtim.tv_nsec) + " ";
  }
  return stamp;
}

std::vector<std::string> DefinitionSources::repositories() const {
  std::set<std::string> repositories;
  for (const GitSource& source : sources_) repositories.insert(source.repository);
  std::error_code ignored;  // no such directory: none was ever followed
  for (std::filesystem::directory_iterator it(kept_, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    const auto text = read_text(it->path().string() + "/state.json");
    const auto state = text ? read_source_state(*text) : Result<SourceState>(fail(text.error()));
    const auto source =
        state ? parse_git_source(state->source) : Result<GitSource>(fail(state.error()));
    if (source) repositories.insert(source->repository);
  }
  return {repositories.begin(), repositories.end()};
}

}  // namespace waybill::cli
