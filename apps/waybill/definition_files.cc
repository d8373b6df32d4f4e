#include "apps/waybill/definition_files.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <iterator>
#include <tuple>
#include <utility>

#include "adapters/yaml/yaml.h"
#include "base/json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// Regular files, and links to them. A link that leads nowhere counts too: somebody means it to be
/// there. What begins with a dot is an editor's or the system's.
bool is_definitions_file(const std::filesystem::directory_entry& entry) {
  if (!is_definitions_name(entry.path().filename().string())) return false;
  std::error_code unknown;
  const std::filesystem::file_status status = entry.status(unknown);
  return unknown || !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
}

}  // namespace

bool is_definitions_name(const std::string& name) {
  const std::string extension = std::filesystem::path(name).extension().string();
  if (extension != ".yaml" && extension != ".yml" && extension != ".json") return false;
  return !name.starts_with('.');
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

Result<ReadDocuments> read_documents(const std::vector<std::string>& files) {
  ReadDocuments read;
  for (const std::string& file : files) {
    auto reading = yaml::read_file(file);
    if (!reading) return fail(reading.error());
    std::move(reading->problems.begin(), reading->problems.end(),
              std::back_inserter(read.problems));
    if (reading->problems.empty()) read.documents.push_back(std::move(reading->document));
  }
  return read;
}

Status check_with_program(const Kinds& kinds, const TaskRequest& request,
                          const std::vector<std::string>& directories) {
  if (Status fits = kinds.check(request); !fits) return fits;
  const auto spec = json::parse(request.spec);
  if (request.kind != "command" || !spec || !spec->is_object()) return {};
  const bj::value* command = spec->get_object().if_contains("command");
  if (command == nullptr || !command->is_array() || command->get_array().empty()) return {};
  const std::string program(command->get_array()[0].get_string());
  const bool ours = std::ranges::any_of(directories, [&](const std::string& directory) {
    return program.starts_with(directory + "/");
  });
  if (!ours || ::access(program.c_str(), X_OK) == 0) return {};
  const bool there = ::access(program.c_str(), F_OK) == 0;
  return fail(Code::invalid_argument,
              there ? "/command/0: names a program that is not executable: chmod +x, and git "
                      "update-index --chmod=+x"
                    : "/command/0: names a program that is not there");
}

Error problems_error(const std::string& what, const std::vector<Problem>& problems) {
  std::string message = what + " have " + std::to_string(problems.size()) +
                        (problems.size() == 1 ? " problem:" : " problems:");
  for (const Problem& problem : problems) message += "\n  " + to_string(problem);
  return {.code = Code::invalid_argument, .message = std::move(message)};
}

void sort_problems(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.at.line, a.at.column) < std::tie(b.file, b.at.line, b.at.column);
  });
}

}  // namespace waybill::cli
