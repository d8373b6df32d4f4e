#include "apps/waybill/session.h"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>
#include <vector>

#include "adapters/yaml/yaml.h"

namespace waybill::cli {
namespace {

/// Regular files, and links to them. A link that leads nowhere counts too: somebody means it to be
/// there. What begins with a dot is an editor's or the system's.
bool is_definitions_file(const std::filesystem::directory_entry& entry) {
  const std::string extension = entry.path().extension().string();
  if (extension != ".yaml" && extension != ".yml" && extension != ".json") return false;
  if (entry.path().filename().string().starts_with('.')) return false;
  std::error_code unknown;
  const std::filesystem::file_status status = entry.status(unknown);
  return unknown || !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
}

Result<std::vector<std::string>> definition_files(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (is_definitions_file(*it)) files.push_back(it->path().string());
  }
  if (error) {
    const Code code =
        error == std::errc::permission_denied ? Code::permission_denied : Code::not_found;
    return fail(code, "reading definitions in " + directory + ": " + error.message() +
                          "; name their directory with --definitions DIR");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

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
    if (config().definitions.empty()) {
      definitions_.emplace();
    } else {
      const auto kinds = Kinds::create(clock());
      if (!kinds) return fail(kinds.error());
      auto read = read_definitions(config().definitions, *kinds);
      if (!read) return fail(read.error());
      definitions_ = std::move(*read);
    }
  }
  return &*definitions_;
}

Result<DefinitionsLoad> load_directory(const std::string& directory, const Kinds& kinds) {
  const auto files = definition_files(directory);
  if (!files) return fail(files.error());
  std::vector<Document> documents;
  std::vector<Problem> problems;
  for (const std::string& file : *files) {
    auto reading = yaml::read_file(file);
    if (!reading) return fail(reading.error());
    std::move(reading->problems.begin(), reading->problems.end(), std::back_inserter(problems));
    if (reading->problems.empty()) documents.push_back(std::move(reading->document));
  }
  DefinitionsLoad load =
      load_definitions(documents, [&](const TaskRequest& request) { return kinds.check(request); });
  std::move(load.problems.begin(), load.problems.end(), std::back_inserter(problems));
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.at.line, a.at.column) < std::tie(b.file, b.at.line, b.at.column);
  });
  load.problems = std::move(problems);
  return load;
}

Result<Definitions> read_definitions(const std::string& directory, const Kinds& kinds) {
  auto load = load_directory(directory, kinds);
  if (!load) return fail(load.error());
  const std::vector<Problem>& problems = load->problems;
  if (problems.empty()) return std::move(load->definitions);
  std::string message = "the definitions in " + directory + " have " +
                        std::to_string(problems.size()) +
                        (problems.size() == 1 ? " problem:" : " problems:");
  for (const Problem& problem : problems) message += "\n  " + to_string(problem);
  return fail(Code::invalid_argument, message);
}

}  // namespace waybill::cli
