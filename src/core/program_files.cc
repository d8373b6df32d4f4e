#include "core/program_files.h"

#include <boost/json.hpp>
#include <filesystem>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/definitions_load.h"
#include "core/pipeline/fingerprint.h"

namespace waybill {
namespace bj = boost::json;
namespace {

/// A path in a URL: what follows a percent sign must not be read as an escape.
std::string escape_percent(std::string_view path) {
  std::string result;
  for (const char c : path) {
    if (c == '%') {
      result += "%25";
    } else {
      result += c;
    }
  }
  return result;
}

bool is_relative_path(std::string_view path) {
  return path.find('/') != path.npos && !path.starts_with('/');
}

/// The program and its arguments. A program that is not there is the kind's to refuse.
Status add_program(const Fields& fields, const std::string& directory,
                   const DigestOfFiles& digest_of_files, TaskDefinition& task) {
  const bj::value* command = fields.find("command");
  if (command == nullptr) return {};
  const std::string written(command->get_array()[0].get_string());
  if (!is_relative_path(written)) return {};
  auto digest = digest_of_files(resolve_program(written, directory));
  if (!digest) return fail(digest.error());
  task.digests["program"] = std::move(*digest);
  task.digests["spec.command"] = pipeline::digest_of(*command);
  return {};
}

Status add_working_directory(const Fields& fields, const std::string& directory,
                             const DigestOfFiles& digest_of_files, TaskDefinition& task) {
  const std::string written = fields.text("working_directory");
  if (written.empty() || written.starts_with('/')) return {};
  const auto digest = digest_of_files(resolve_program("./" + written, directory));
  if (!digest) return fail(digest.error());
  task.digests["spec.working_directory"] =
      pipeline::digest_of(bj::array{json::text(written), json::text(*digest)});
  return {};
}

}  // namespace

void add_digests(const Entry& entry, const DigestOfFiles& digest_of_files, TaskDefinition& task,
                 std::vector<SchemaViolation>& violations) {
  if (!digest_of_files || !entry.is_confined || task.kind != "command") return;
  const Fields fields(entry.object);
  const auto add = [&](const Status& status, std::string pointer) {
    if (status || status.error().code == Code::not_found) return;
    violations.push_back({.pointer = std::move(pointer), .message = status.error().message});
  };
  add(add_program(fields, entry.directory, digest_of_files, task), "/command/0");
  add(add_working_directory(fields, entry.directory, digest_of_files, task), "/working_directory");
  const bj::value* files = fields.find("files");
  if (files == nullptr) return;
  for (std::size_t i = 0; i < files->get_array().size(); ++i) {
    const std::string written(files->get_array()[i].get_string());
    auto digest = digest_of_files(resolve_program("./" + written, entry.directory));
    if (digest) {
      task.digests["files." + written] = std::move(*digest);
      continue;
    }
    violations.push_back({.pointer = "/files/" + std::to_string(i),
                          .message = digest.error().code == Code::not_found
                                         ? "names a file that is not there"
                                         : digest.error().message});
  }
}

std::string resolve_url(std::string_view url, std::string_view directory) {
  std::string_view path = url;
  const bool is_url = url.starts_with("file:");
  const std::size_t colon = url.find(':');
  if (is_url) {
    path.remove_prefix(5);
    if (path.starts_with("//")) path.remove_prefix(2);
  } else if (colon != std::string_view::npos && url.substr(0, colon).find('/') == url.npos) {
    return std::string(url);
  }
  const auto full = (std::filesystem::path(directory) / path).lexically_normal();
  std::string text = full.string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return "file://" + (is_url ? text : escape_percent(text));
}

std::string resolve_program(std::string_view program, std::string_view directory) {
  if (program.find('/') == std::string_view::npos) return std::string(program);
  return (std::filesystem::path(directory) / program).lexically_normal().string();
}

}  // namespace waybill
