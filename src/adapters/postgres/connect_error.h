#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill::postgres {

/// What a connection that did not come about means, by libpq's words: it keeps no SQLSTATE of one
/// that was refused. `unavailable`: it may come about later. `place` names the server, `why` is one
/// line.
Error connect_error(std::string_view place, std::string_view why);

}  // namespace waybill::postgres
