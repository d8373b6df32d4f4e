#pragma once

#include <string_view>

#include "base/result.h"

namespace waybill {

/// Whether a URL says, or may say, `user:password@`: also without a scheme, and where the password
/// has a `/`, `:` or `@` that should have been written %2f, %3a or %40. A doubtful one counts as
/// one with a password: `amqp://host:5672/v@x` does.
bool url_holds_password(std::string_view url);

/// Whether a `/` that is not written %2f ends what stands before the `@`, so that a part of the
/// password would be taken for a virtual host, and shown.
bool url_password_is_cut(std::string_view url);

/// Whence a URL with a password may come, as a flag's value is seen by all who may list processes.
struct UrlSources {
  std::string_view flag;
  std::string_view variable;
  std::string_view file_flag;
};
inline constexpr UrlSources kAmqpUrlSources = {
    .flag = "--amqp-url", .variable = "WAYBILL_AMQP_URL", .file_flag = "--amqp-url-file"};

/// `invalid_argument`, with what to do and nothing of the URL, if a flag's value holds a password.
Status refuse_password(std::string_view url, const UrlSources& sources);

}  // namespace waybill
