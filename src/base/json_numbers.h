#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::json {

/// The first whole number of this JSON text that 64 bits do not hold, of which parse() keeps the
/// nearest double (RFC 7493, 2.2: no reader is sure to keep such a one); none: there is none. A
/// number with a fraction or an exponent is none of them: its writer means a double. `parsed` is
/// what parse() made of the text. Costs next to nothing where there is no number as large.
std::optional<std::string> whole_number_lost(std::string_view text,
                                             const boost::json::value& parsed);

/// What to say of it, after what has it: "has the whole number …, …".
std::string told_of_lost_number(std::string_view number);

}  // namespace waybill::json
