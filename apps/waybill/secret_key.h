#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/config.h"

namespace waybill::cli {

/// A key as `openssl rand -base64 32` writes it, blanks around it aside. `invalid_argument` for all
/// else; the error does not repeat it.
Result<std::string> parse_secret_key(std::string_view text);

/// The key under which secrets are sealed at rest (base/seal.h): from the variable
/// WAYBILL_SECRET_KEY, else from the file that --secret-key-file names. None if neither is there.
Result<std::optional<std::string>> read_secret_key(const Config& config);

}  // namespace waybill::cli
