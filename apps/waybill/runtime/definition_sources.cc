#include "apps/waybill/runtime/definition_sources.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "adapters/file/file_io.h"
#include "apps/waybill/definition_files.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/store.h"

namespace waybill::cli {
namespace {

constexpr Duration kLockEvery = std::chrono::milliseconds(50);
/// Of one source's turn, all its runs of git together.
constexpr Duration kAskingMax = std::chrono::minutes(3);

std::string kept_below(const Config& config) {
  std::error_code ignored;
  return (std::filesystem::absolute(config.data, ignored) / "definitions")
      .lexically_normal()
      .string();
}

/// Waits for it in turns, so that who is asked to stop does.
Result<FileLock> take_lock(const FileDescriptor& file, const std::string& path, Clock& clock,
                           const Deadline& deadline) {
  while (true) {
    auto lock = FileLock::try_take(file, path);
    if (!lock) return fail(lock.error());
    if (*lock) return std::move(**lock);
    if (deadline.stop_requested()) return fail(Code::cancelled, "waiting for " + path);
    clock.wait_until(clock.steady_now() + kLockEvery, deadline.stop);
  }
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
    made->sources_.emplace_back(std::move(*source), made->kept_);
  }
  return made;
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

std::optional<DefinitionSources::Loaded> DefinitionSources::merged_before(
    const std::vector<SourceState>& states) const {
  if (!last_) return std::nullopt;
  Loaded again = *last_;
  for (std::size_t i = 0; i < states.size(); ++i) {
    SourceState& known = again.states[i];
    const SourceState& state = states[i];
    const bool same =
        known.commit == state.commit && known.tree == state.tree && known.files == state.files;
    if (!same) return std::nullopt;
    known.error = state.error;
    known.checked_at = state.checked_at;
    known.changed_at = state.changed_at;
  }
  return again;
}

Result<DefinitionSources::Loaded> DefinitionSources::merge(std::vector<SourceState> states) {
  if (auto again = merged_before(states)) return std::move(*again);
  const auto own = this->own();
  if (!own) return fail(own.error());
  std::vector<SourceFiles> files;
  std::vector<std::vector<Problem>> beside;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto found = sources_[i].files(states[i]);
    if (!found) return fail(with_context(found.error(), sources_[i].source().text));
    files.push_back(std::move(found->files));
    beside.push_back(std::move(found->problems));
  }
  const DefinitionChecks checks{
      .check_task =
          [this](const TaskRequest& request) {
            return check_with_program(kinds_, request, {kept_});
          },
      .digest_of_files = [this](const std::string& path) { return digests_.of(path); }};
  digests_.begin_round();
  MergedDefinitions merged = merge_definitions((*own)->documents, files, checks);
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
    state.problems = std::move(beside[i]);
    const std::vector<Problem>& more = merged.choices[i].problems;
    state.problems.insert(state.problems.end(), more.begin(), more.end());
    sources_[i].keep_few(state.problems);
  }
  last_ = Loaded{.definitions = std::move(merged.definitions), .states = std::move(states)};
  return *last_;
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
  for (const KeptSource& source : sources_) {
    auto state = source.state();
    if (!state) return fail(state.error());
    states.push_back(std::move(*state));
  }
  return merge(std::move(states));
}

void DefinitionSources::ask(const KeptSource& source, SourceState& state,
                            const Deadline& deadline) const {
  source.sweep();
  const Deadline until{.at = std::min(deadline.at, clock_.steady_now() + kAskingMax),
                       .stop = deadline.stop};
  state.checked_at = clock_.now();
  state.error.clear();
  const auto commit = remote_.find(source.source(), until);
  if (!commit) {
    state.error = commit.error().message;
    return;
  }
  const std::string kept = source.tree(state.tree);
  if (*commit == state.commit && ::access(kept.c_str(), F_OK) == 0) return;
  auto version = remote_.fetch(source.source(), source.place(), until);
  if (!version) {
    state.error = version.error().message;
    return;
  }
  state.commit = std::move(version->commit);
  state.tree = std::move(version->tree);
  state.left_out = std::move(version->left_out);
  KeptSource::keep_few(state.left_out);
  state.changed_at = state.checked_at;
}

Result<DefinitionSources::Loaded> DefinitionSources::ask_all(const Deadline& deadline, Keep keep) {
  if (sources_.empty()) return load();
  if (Status made = make_data_directory(data_); !made) return fail(made.error());
  std::error_code error;
  for (const KeptSource& source : sources_) {
    std::filesystem::create_directories(source.place(), error);
    if (error) return fail(system_error(error.value(), "making " + source.place()));
  }
  const std::string path = kept_ + "/lock";
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  const auto lock = take_lock(file, path, clock_, deadline);
  if (!lock) return fail(lock.error());
  std::vector<SourceState> states;
  for (const KeptSource& source : sources_) {
    auto state = source.state();
    if (!state) return fail(state.error());
    ask(source, *state, deadline);
    if (deadline.stop_requested()) return fail(Code::cancelled, "asking for definitions");
    states.push_back(std::move(*state));
  }
  auto loaded = whole(merge(std::move(states)));
  if (!loaded || keep == Keep::no) return loaded;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Status kept = sources_[i].keep(loaded->states[i]);
    if (!kept) return fail(kept.error());
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
  for (const KeptSource& source : sources_) stamp += source.stamp() + " ";
  return stamp;
}

std::vector<GitSource> DefinitionSources::followed() const {
  std::map<std::string, GitSource> all;
  for (const KeptSource& source : sources_) all.emplace(source.source().text, source.source());
  std::error_code ignored;  // no such directory: none was ever followed
  for (std::filesystem::directory_iterator it(kept_, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    const auto state = KeptSource::read_state(it->path().string());
    auto source = state ? parse_git_source(state->source) : Result<GitSource>(fail(state.error()));
    if (source) all.emplace(source->text, std::move(*source));
  }
  std::vector<GitSource> sources;
  for (auto& [text, source] : all) sources.push_back(std::move(source));
  return sources;
}

}  // namespace waybill::cli
