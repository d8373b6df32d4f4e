#include "rpc/outcome.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <string_view>

#include "base/ascii.h"
#include "base/json.h"

namespace waybill::rpc {
namespace {

constexpr std::string_view kTypes = "urn:waybill:problem:";

struct CodeOf {
  std::string_view type;  ///< of a problem; empty: any other one of this status
  int status;
  Code code;
};

/// As google/rpc/code.proto pairs them, but where the type says more than the status.
constexpr std::array kCodes = {
    CodeOf{"exists", 409, Code::already_exists}, CodeOf{"stale", 409, Code::aborted},
    CodeOf{"", 400, Code::invalid_argument},     CodeOf{"", 401, Code::unauthenticated},
    CodeOf{"", 403, Code::permission_denied},    CodeOf{"", 404, Code::not_found},
    CodeOf{"", 405, Code::unimplemented},        CodeOf{"", 409, Code::failed_precondition},
    CodeOf{"", 410, Code::out_of_range},         CodeOf{"", 412, Code::failed_precondition},
    CodeOf{"", 413, Code::resource_exhausted},   CodeOf{"", 415, Code::internal},
    CodeOf{"", 421, Code::permission_denied},    CodeOf{"", 422, Code::invalid_argument},
    CodeOf{"", 429, Code::resource_exhausted},   CodeOf{"", 500, Code::internal},
    CodeOf{"", 501, Code::unimplemented},        CodeOf{"", 503, Code::unavailable},
    CodeOf{"", 504, Code::deadline_exceeded},    CodeOf{"", 507, Code::resource_exhausted},
};

Code code_of(std::string_view type, int status) {
  const auto found = std::ranges::find_if(kCodes, [&](const CodeOf& row) {
    return row.status == status && (row.type.empty() || row.type == type);
  });
  return found == kCodes.end() ? Code::unknown : found->code;
}

std::string member(const boost::json::value& problem, std::string_view name) {
  const auto* object = problem.if_object();
  const auto* text = object == nullptr ? nullptr : object->if_contains(name);
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : "";
}

void add_metadata(const http::Response& response, Outcome& outcome) {
  for (const auto& [name, value] : response.headers) {
    const std::string lower = to_lower(name);
    if (lower == "idempotent-replayed") outcome.trailing.emplace_back(lower, value);
    if (lower != "retry-after") continue;
    // In seconds, as long as it is ours.
    outcome.trailing.emplace_back("retry-after-ms", value + "000");
  }
}

}  // namespace

Outcome outcome_of(const Error& error) {
  Outcome outcome{.ok = false, .code = error.code, .message = error.message};
  if (error.retry_after) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*error.retry_after);
    outcome.trailing.emplace_back("retry-after-ms", std::to_string(wait.count()));
  }
  return outcome;
}

Outcome outcome_of(const http::Response& response) {
  Outcome outcome;
  add_metadata(response, outcome);
  if (response.status < 400) return outcome;
  const auto problem = json::parse(response.body);
  const std::string type = problem ? member(*problem, "type") : "";
  outcome.ok = false;
  outcome.code =
      code_of(std::string_view(type).substr(std::min(kTypes.size(), type.size())), response.status);
  outcome.message = problem ? member(*problem, "detail") : "";
  if (!type.empty()) outcome.trailing.emplace_back("waybill-problem-type", type);
  return outcome;
}

}  // namespace waybill::rpc
