#include "base/error.h"

#include <array>

namespace waybill {

std::string_view to_string(Code code) {
  static constexpr std::array<std::string_view, 16> kNames = {"cancelled",
                                                              "unknown",
                                                              "invalid_argument",
                                                              "deadline_exceeded",
                                                              "not_found",
                                                              "already_exists",
                                                              "permission_denied",
                                                              "resource_exhausted",
                                                              "failed_precondition",
                                                              "aborted",
                                                              "out_of_range",
                                                              "unimplemented",
                                                              "internal",
                                                              "unavailable",
                                                              "data_loss",
                                                              "unauthenticated"};
  return kNames[static_cast<std::size_t>(code)];
}

Error with_context(Error error, std::string_view context) {
  error.message = std::string(context) + ": " + error.message;
  return error;
}

int exit_status(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return 2;
    case Code::unavailable:
      return 69;
    case Code::internal:
      return 70;
    case Code::aborted:
    case Code::deadline_exceeded:
    case Code::resource_exhausted:
      return 75;
    default:
      return 1;
  }
}

}  // namespace waybill
