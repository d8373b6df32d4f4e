#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "http/message.h"

namespace waybill::http {

/// Problem details (RFC 9457). `type` is `urn:waybill:problem:` and a stable name.
struct Problem {
  int status = 500;
  std::string type;    ///< the name alone: "not-found"
  std::string detail;  ///< what happened here, and what to do
  Pairs headers{};     ///< of the response, e.g. Retry-After
};

/// How an error is told over HTTP: `not_found` is 404, and so on (docs/reference/api.md, Problems).
/// The details of `internal` and `unknown` stay in the log.
Problem problem_of(const Error& error);
/// The problem of a status that no error of ours stands behind.
Problem problem_of(int status, std::string_view detail);

/// 429 of that type: not before `wait` is over.
Problem too_soon(std::string_view type, std::string_view detail, Duration wait);

/// Its members: type, title, status, detail.
boost::json::object problem_to_json(const Problem& problem);
Response to_response(const Problem& problem);

}  // namespace waybill::http
