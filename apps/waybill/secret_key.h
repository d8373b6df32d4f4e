#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/config.h"

namespace waybill::cli {

/// A key as `openssl rand -base64 32` writes it, blanks around it aside. `invalid_argument` for all
/// else; the error does not repeat it.
Result<std::string> parse_secret_key(std::string_view text);

/// The key under which secrets are sealed at rest (base/seal.h): from the variable
/// WAYBILL_SECRET_KEY, else from the file that --secret-key-file names. None if neither is there.
/// Where there is one, this process's memory and environment are hidden from others of the same
/// user.
Result<std::optional<std::string>> read_secret_key(const Config& config);
/// That key first, and those that follow it, with blanks or line ends between: older ones, which
/// still open what they have sealed.
Result<std::vector<std::string>> read_secret_keys(const Config& config);

/// Hides the memory and environment of this process from others of its user, tasks among them.
void keep_memory_private();

}  // namespace waybill::cli
