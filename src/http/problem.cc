#include "http/problem.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/answer.h"

namespace waybill::http {
namespace {

struct Kind {
  int status;
  std::string_view type;
  std::string_view title;
};

/// The name of a type never changes its meaning; docs/reference/api.md lists them.
constexpr std::array kKinds = {
    Kind{400, "bad-request", "The request cannot be read"},
    Kind{400, "invalid", "Something in the request is not allowed"},
    Kind{401, "unauthenticated", "Who asks is not known"},
    Kind{403, "forbidden", "Who asks may not do this"},
    Kind{404, "not-found", "There is no such thing"},
    Kind{404, "no-such-route", "There is nothing at this path"},
    Kind{405, "method-not-allowed", "This path does not take that method"},
    Kind{409, "conflict", "The state of things does not allow it"},
    Kind{409, "exists", "It is there already"},
    Kind{409, "stale", "Somebody else has changed it"},
    Kind{410, "gone", "It is no longer kept"},
    Kind{412, "precondition-failed", "It has changed since it was read"},
    Kind{413, "too-large", "The request is too large"},
    Kind{414, "uri-too-long", "The address is too long"},
    Kind{415, "not-json", "The body has to be JSON"},
    Kind{416, "no-such-range", "That part of it is not there"},
    Kind{421, "misdirected", "This server does not answer to that name"},
    Kind{422, "key-reused", "The Idempotency-Key belongs to another request"},
    Kind{429, "too-many-requests", "Too many requests"},
    Kind{429, "too-many-wrong-tokens", "Too many wrong tokens"},
    Kind{431, "headers-too-large", "The headers are too large"},
    Kind{500, "internal", "The server has failed"},
    Kind{501, "unimplemented", "This server cannot do that"},
    Kind{503, "unavailable", "Not now"},
    Kind{504, "unknown-outcome", "Nobody knows whether it was done"},
    Kind{507, "storage-full", "There is no room left"},
};

const Kind& kind_named(std::string_view type) {
  const auto found = std::ranges::find(kKinds, type, &Kind::type);
  return found == kKinds.end() ? kind_named("internal") : *found;
}

std::string_view type_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::permission_denied:
      return "forbidden";
    case Code::not_found:
      return "not-found";
    case Code::already_exists:
      return "exists";
    case Code::failed_precondition:
      return "conflict";
    case Code::aborted:
      return "stale";
    case Code::out_of_range:
      return "gone";
    case Code::resource_exhausted:
      return "storage-full";
    case Code::unimplemented:
      return "unimplemented";
    case Code::unavailable:
    case Code::cancelled:
      return "unavailable";
    case Code::deadline_exceeded:
      return "unknown-outcome";
    case Code::data_loss:
    case Code::internal:
    case Code::unknown:
      break;
  }
  return "internal";
}

std::string seconds_of(std::chrono::microseconds time) {
  return std::to_string(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count()));
}

}  // namespace

Problem problem_of(const Error& error) {
  const Kind& kind = kind_named(type_of(error.code));
  Problem problem{.status = kind.status, .type = std::string(kind.type), .detail = error.message};
  if (kind.status == 500) {
    log::error("request_failed", error.message, {{"code", to_string(error.code)}});
    problem.detail = error.code == Code::data_loss
                         ? "something stored is damaged; the server's log says what"
                         : "the server's log says what happened";
  }
  if (kind.status == 503) {
    problem.headers.emplace_back("Retry-After",
                                 seconds_of(error.retry_after.value_or(std::chrono::seconds(1))));
  }
  return problem;
}

Problem problem_of(int status, std::string_view detail) {
  const auto found = std::ranges::find(kKinds, status, &Kind::status);
  Problem problem{.status = status,
                  .type = std::string(found == kKinds.end() ? "internal" : found->type),
                  .detail = std::string(detail)};
  if (status == 503) problem.headers.emplace_back("Retry-After", "1");
  return problem;
}

Problem too_soon(std::string_view type, std::string_view detail, Duration wait) {
  Problem problem = problem_of(429, detail);
  problem.type = type;
  problem.headers.emplace_back("Retry-After", seconds_of(wait));
  return problem;
}

boost::json::object problem_to_json(const Problem& problem) {
  return {{"type", "urn:waybill:problem:" + problem.type},
          {"title", json::text(kind_named(problem.type).title)},
          {"status", problem.status},
          {"detail", mend_utf8(problem.detail)}};
}

Response to_response(const Problem& problem) {
  return {.status = problem.status,
          .body = json::serialize(problem_to_json(problem)),
          .content_type = "application/problem+json",
          .headers = problem.headers,
          .stream = nullptr};
}

tl::unexpected<Problem> refuse_storage(const Error& error) {
  const bool stopped =
      error.code == Code::failed_precondition || error.code == Code::permission_denied;
  if (!stopped) return refuse(error);
  log::error("ledger_takes_no_writes", error.message);
  return refuse(problem_of(503, "the ledger takes no writes; the server's log says why"));
}

Response json_response(const boost::json::value& body, int status) {
  return {.status = status, .body = json::serialize(body), .headers = {}, .stream = nullptr};
}

}  // namespace waybill::http
