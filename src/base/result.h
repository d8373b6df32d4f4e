#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace waybill {

/// A value, or the Error that prevented it.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> value) : tl::expected<T, Error>(std::move(value)) {}
};

/// Success, or the Error that prevented it.
using Status = Result<void>;

/// Builds the error side of any Result: `return fail(Code::not_found, "task " + id + " ...")`.
[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message) {
  return tl::unexpected<Error>(Error{.code = code, .message = std::move(message)});
}

/// Passes an error on: `if (!x) return fail(x.error());`.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace waybill
