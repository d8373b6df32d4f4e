#pragma once

#include <string>

#include "base/error.h"
#include "http/message.h"

namespace waybill::rpc {

/// How a call ends.
struct Outcome {
  bool ok = true;
  Code code = Code::unknown;  ///< unless it is ok
  std::string message{};
  http::Pairs trailing{};  ///< metadata, names in lower case
};

Outcome outcome_of(const Error& error);

/// The same for an answer of the HTTP API: a problem has the canonical code of its type, or else of
/// its status, its detail as message, and `waybill-problem-type` and `retry-after-ms` as metadata.
Outcome outcome_of(const http::Response& response);

}  // namespace waybill::rpc
