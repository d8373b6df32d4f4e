#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::json {

/// The name that some object of this JSON text has twice, of which parse() keeps the last and
/// another reader may keep the first (RFC 8259, 4); none: there is no such object. `parsed` is what
/// parse() made of the text. Costs about as much as a look at every byte.
std::optional<std::string> member_twice(std::string_view text, const boost::json::value& parsed);

}  // namespace waybill::json
