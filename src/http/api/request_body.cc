#include "http/api/request_body.h"

#include <boost/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/json_duplicates.h"
#include "base/json_numbers.h"
#include "http/api/idempotency.h"
#include "http/header_rules.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// A document of at most this many violations is told of all of them.
constexpr std::size_t kViolationsTold = 10;

/// JSON is UTF-8 (RFC 8259, 8.1): the parameter says nothing, and other values are wrong.
bool is_json(std::string_view content_type) {
  const std::string all = to_lower(content_type);
  const std::string_view type = without_padding(std::string_view(all).substr(0, all.find(';')));
  if (type != "application/json") return false;
  const std::size_t at = all.find("charset=");
  if (at == all.npos) return true;
  const std::string_view rest =
      std::string_view(all).substr(at + std::string_view("charset=").size());
  const std::string_view charset = without_padding(rest.substr(0, rest.find(';')));
  return charset == "utf-8" || charset == "\"utf-8\"";
}

/// RFC 9110, 15.5.16: which encodings would do.
tl::unexpected<Problem> refuse_compressed(std::string_view encoding) {
  Problem problem =
      problem_of(415, "the body came with `Content-Encoding: " + std::string(encoding) +
                          "`; send it as it is");
  problem.headers.emplace_back("Accept-Encoding", "identity");
  return refuse(std::move(problem));
}

std::string told(const std::vector<SchemaViolation>& violations) {
  std::string text;
  for (const SchemaViolation& violation : violations) {
    if (&violation - violations.data() == kViolationsTold) {
      return text + "; and " + std::to_string(violations.size() - kViolationsTold) + " more";
    }
    if (!text.empty()) text += "; ";
    text += violation.pointer.empty() && violation.message.starts_with("has to be")
                ? "the body " + violation.message
                : to_string(violation);
  }
  return text;
}

}  // namespace

Answer<bj::value> read_body(const ApiDocument& document, const Operation& operation,
                            const Request& request, json::Arena& arena) {
  const std::string_view encoding = without_padding(request.header("content-encoding"));
  const bool is_encoded = !encoding.empty() && to_lower(encoding) != "identity";
  if (is_encoded && !request.body.empty()) return refuse_compressed(encoding);
  if (operation.takes_bytes) return bj::value(bj::object());  // the handler reads them as they are
  if (request.body.empty() && !operation.body_required) return bj::value(bj::object());
  if (!operation.has_body) {
    return refuse(problem_of(400, operation.method + " " + operation.path + " takes no body"));
  }
  if (!is_json(request.header("content-type"))) {
    return refuse(problem_of(415, "send the body with `Content-Type: application/json`, in UTF-8"));
  }
  if (request.body.empty()) {
    return refuse(problem_of(
        400, operation.method + " " + operation.path + " takes a body of JSON, and none was sent"));
  }
  auto body = json::parse(request.body, arena);
  if (!body) return refuse(problem_of(400, "the body is " + body.error().message));
  if (const auto twice = json::member_twice(request.body, *body)) {
    return refuse(problem_of(
        400, "the body has an object with two members \"" + *twice + "\"; leave one of them out"));
  }
  if (const auto lost = json::whole_number_lost(request.body, *body)) {
    return refuse(Error{.code = Code::invalid_argument,
                        .message = "the body " + json::told_of_lost_number(*lost)});
  }
  const auto violations = document.check_body(operation, *body);
  if (violations.empty()) return std::move(*body);
  return refuse(Error{.code = Code::invalid_argument, .message = told(violations)});
}

Answer<std::string> read_key(const Request& request) {
  if (!request.has_header("idempotency-key")) return std::string();
  std::string key(request.header("idempotency-key"));
  const std::string problem = key_problem(key);
  if (problem.empty()) return key;
  return refuse(Error{.code = Code::invalid_argument, .message = problem});
}

}  // namespace waybill::http
