#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// Canonical outcome codes, as in gRPC and Abseil. Callers branch on these, never on text.
enum class Code {
  cancelled,
  unknown,
  invalid_argument,
  deadline_exceeded,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  aborted,
  out_of_range,
  unimplemented,
  internal,
  unavailable,
  data_loss,
  unauthenticated,
};

/// The stable snake_case name of a code, e.g. `not_found`.
std::string_view to_string(Code code);

/// Why something failed: `message` says in lower case what was being done, to which id, and what to
/// do next; it never holds a secret. `retry_after` is set where the callee knows when to come back.
struct Error {
  Code code = Code::unknown;
  std::string message;
  std::optional<std::chrono::microseconds> retry_after{};

  bool operator==(const Error&) const = default;
};

/// The error with context put in front: "context: message".
[[nodiscard]] Error with_context(Error error, std::string_view context);

/// Exit status for a command that ended with this error: 1 failed, 2 usage, 69 unavailable, 70 bug,
/// 75 try again (sysexits.h).
int exit_status(Code code);

}  // namespace waybill
