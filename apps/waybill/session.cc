#include "apps/waybill/session.h"

#include <utility>
#include <vector>

#include "apps/waybill/definition_files.h"
#include "apps/waybill/runtime/definition_sources.h"

namespace waybill::cli {
bool names_definitions(const Config& config) {
  return !config.definitions.empty() || !config.definitions_from.empty();
}

Session::Session(Params params)
    : config_(std::move(params.config)),
      output_(params.mode),
      clock_(params.clock),
      rng_(params.seed) {}
Session::~Session() = default;

void Session::end_after(std::stop_token signal) {
  grace_over_ = std::make_unique<LateStop>(std::move(signal), config().grace, clock_);
}

Result<Store*> Session::store(OpenStore mode) {
  if (!store_) {
    const std::stop_token hurry = grace_over_ ? grace_over_->token() : std::stop_token();
    auto opened = open_store(config(), clock_, mode, hurry);
    if (!opened) return fail(opened.error());
    store_ = std::move(*opened);
  }
  return store_.get();
}

Result<const Definitions*> Session::definitions() {
  if (!definitions_) {
    const auto sources = DefinitionSources::create(config(), clock());
    if (!sources) return fail(sources.error());
    auto loaded = (*sources)->load();
    if (!loaded) return fail(loaded.error());
    definitions_ = std::move(loaded->definitions);
  }
  return &*definitions_;
}

Result<DefinitionsLoad> load_files(const std::vector<std::string>& files, const Kinds& kinds) {
  auto read = read_documents(files);
  if (!read) return fail(read.error());
  DefinitionsLoad load = load_definitions(
      read->documents, [&](const TaskRequest& request) { return kinds.check(request); });
  load.problems.insert(load.problems.end(), read->problems.begin(), read->problems.end());
  sort_problems(load.problems);
  return load;
}

Result<DefinitionsLoad> load_directory(const std::string& directory, const Kinds& kinds) {
  const auto files = definition_files(directory);
  if (!files) return fail(files.error());
  return load_files(*files, kinds);
}

Result<Definitions> read_definitions(const std::string& directory, const Kinds& kinds) {
  auto load = load_directory(directory, kinds);
  if (!load) return fail(load.error());
  if (load->problems.empty()) return std::move(load->definitions);
  return fail(problems_error("the definitions in " + directory, load->problems));
}

}  // namespace waybill::cli
