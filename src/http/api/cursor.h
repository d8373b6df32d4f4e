#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "http/answer.h"
#include "http/api/call.h"

namespace waybill::http {

/// The place in a list from which a request wants to go on; empty: the beginning. Refused, with the
/// problem `invalid`, if the list that gave it was another one, had another order or another
/// filter: going on there would leave out what nobody asked to have left out. One that an older
/// server gave says nothing of that, and is taken as it is.
Answer<std::string> cursor_in(const Call& call);

/// `place` as a client is told of it; null where it is empty.
boost::json::value next_cursor(const Call& call, std::string_view place);

}  // namespace waybill::http
