#include "core/pipeline/wait.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/definition_read.h"
#include "core/pipeline/template.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr Duration kEveryDefault = std::chrono::seconds(10);
constexpr Duration kEveryMin = std::chrono::seconds(1);

tl::unexpected<Error> refuse(const std::string& pointer, const std::string& message) {
  return fail(Code::invalid_argument, pointer + ": " + message);
}

Result<Duration> read_duration(const bj::value& value, const std::string& pointer) {
  const auto read = value.is_string() ? parse_duration(std::string_view(value.get_string()))
                                      : Result<Duration>(fail(Code::invalid_argument, ""));
  if (!read || *read < Duration::zero()) {
    return refuse(pointer, "has to be a duration such as 10m, not " + json::serialize(value));
  }
  return *read;
}

Result<Wait> read_until(const bj::value& value) {
  const auto read = value.is_string() ? parse_time(std::string_view(value.get_string()))
                                      : Result<Time>(fail(Code::invalid_argument, ""));
  if (!read) {
    return refuse("/until",
                  "has to be a time such as 2026-01-31T12:00:00Z, not " + json::serialize(value));
  }
  return Wait{.kind = WaitKind::time, .until = *read};
}

Result<int> read_status(const bj::value& value) {
  if (!value.is_int64() || value.get_int64() < 100 || value.get_int64() > 599) {
    return refuse("/http/status", "has to be from 100 to 599, not " + json::serialize(value));
  }
  return static_cast<int>(value.get_int64());
}

Result<Wait> read_http(const bj::value& value) {
  if (!value.is_object()) return refuse("/http", "has to be a map");
  const Fields fields(value.get_object());
  Wait wait{.kind = WaitKind::http, .every = kEveryDefault};
  const bj::value* url = fields.find("url");
  if (url == nullptr || !url->is_string()) return refuse("/http/url", "has to be a URL");
  wait.url = url->get_string();
  if (!wait.url.starts_with("https://") && !wait.url.starts_with("http://")) {
    return refuse("/http/url", "has to begin with https:// or http://");
  }
  bj::array statuses = {200};
  if (const bj::value* given = fields.find("status")) {
    statuses = given->is_array() ? given->get_array() : bj::array{*given};
  }
  for (const bj::value& each : statuses) {
    const auto status = read_status(each);
    if (!status) return fail(status.error());
    wait.statuses.push_back(*status);
  }
  if (statuses.empty()) return refuse("/http/status", "has to name at least one");
  for (const auto& [name, into] : {std::pair{"every", &wait.every}, {"timeout", &wait.timeout}}) {
    const bj::value* given = fields.find(name);
    if (given == nullptr) continue;
    const auto read = read_duration(*given, std::string("/http/") + name);
    if (!read) return fail(read.error());
    *into = *read;
  }
  if (wait.every < kEveryMin) return refuse("/http/every", "has to be 1s or more");
  return wait;
}

/// A value to try in place of each expression, by the name of its field; "" for the others.
std::string_view stand_in(std::string_view pointer) {
  if (pointer == "/until") return "2026-01-01T00:00:00Z";
  if (pointer == "/http/url") return "https://example.org/";
  return "1m";
}

bool holds_expressions(const bj::value& value) {
  return json::serialize(value).find("${{") != std::string::npos;
}

/// Who may approve is said by who wrote the pipeline, never by who starts a run.
std::vector<SchemaViolation> check_approval(const bj::object& approval) {
  const bj::value* rule = approval.if_contains("who_may");
  if (rule == nullptr) return {};
  if (holds_expressions(*rule)) {
    return {{.pointer = "/approval/who_may",
             .message = "can't hold expressions: who starts a run could say who approves it"}};
  }
  std::vector<SchemaViolation> violations;
  read_who_may({.name = "", .object = approval, .file = "", .directory = ""}, violations);
  for (SchemaViolation& each : violations) each.pointer = "/approval" + each.pointer;
  return violations;
}

void replace_expressions(bj::value& value, const std::string& pointer) {
  if (value.is_object()) {
    for (auto& member : value.get_object()) {
      replace_expressions(member.value(), pointer + "/" + std::string(member.key()));
    }
  } else if (value.is_array()) {
    for (bj::value& element : value.get_array()) replace_expressions(element, pointer);
  } else if (value.is_string() &&
             std::string_view(value.get_string()).find("${{") != std::string_view::npos) {
    value = pointer == "/http/status" ? bj::value(200) : bj::value(json::text(stand_in(pointer)));
  }
}

}  // namespace

Result<Wait> read_wait(const bj::value& wait, Time now) {
  if (!wait.is_object() || wait.get_object().size() != 1) {
    return refuse("", "has to have exactly one of for, until, http and approval");
  }
  const Fields fields(wait.get_object());
  if (const bj::value* duration = fields.find("for")) {
    const auto read = read_duration(*duration, "/for");
    if (!read) return fail(read.error());
    return Wait{.kind = WaitKind::time, .until = now + *read};
  }
  if (const bj::value* until = fields.find("until")) return read_until(*until);
  if (const bj::value* http = fields.find("http")) return read_http(*http);
  const bj::value* approval = fields.find("approval");
  if (approval == nullptr) return refuse("", "has to be for, until, http or approval");
  Wait result{.kind = WaitKind::approval};
  if (approval->is_object()) result.who_may = Fields(approval->get_object()).json("who_may");
  return result;
}

bj::value wait_template(std::string_view wait) {
  auto value = json::parse(wait).value();
  bj::value* until = value.is_object() ? value.get_object().if_contains("until") : nullptr;
  if (until == nullptr || !until->is_string()) return value;
  if (!parse_time(std::string_view(until->get_string()))) *until = expression_template(*until);
  return value;
}

bool is_for_time(std::string_view wait) {
  const auto value = json::parse(wait).value();
  if (!value.is_object()) return false;
  return value.get_object().contains("for") || value.get_object().contains("until");
}

std::vector<SchemaViolation> check_wait(std::string_view wait) {
  bj::value value = wait_template(wait);
  const bj::value* approval =
      value.is_object() ? value.get_object().if_contains("approval") : nullptr;
  if (approval != nullptr && approval->is_object()) {
    auto violations = check_approval(approval->get_object());
    if (!violations.empty()) return violations;
  }
  replace_expressions(value, "");
  const auto read = read_wait(value, Time{});
  if (read) return {};
  const std::string& message = read.error().message;
  const std::size_t colon = message.find(": ");
  return {{.pointer = message.substr(0, colon), .message = message.substr(colon + 2)}};
}

}  // namespace waybill::pipeline
