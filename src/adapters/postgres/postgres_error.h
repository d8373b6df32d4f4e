#pragma once

#include <string_view>

#include "base/error.h"

namespace waybill::postgres {

/// "read_only_sql_transaction": the server is a standby.
inline constexpr std::string_view kStandby = "25006";

/// What a server's SQLSTATE (five characters) means, with what to do; `place` names the database.
/// Of its text only the primary message is passed on: details repeat the values of rows.
Error postgres_error(std::string_view sqlstate, std::string_view message, std::string_view place);

/// Whether the same transaction may well succeed when it is run again: it met another one.
bool met_another(std::string_view sqlstate);

/// Whether what was sent was refused for what it holds, so that other calls of the same group may
/// well succeed without it.
bool is_of_the_data(std::string_view sqlstate);

}  // namespace waybill::postgres
