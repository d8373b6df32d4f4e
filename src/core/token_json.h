#pragma once

#include <boost/json/fwd.hpp>

#include "core/api_token.h"

namespace waybill {

/// What may be told of a token: never its secret, nor the hash of that.
boost::json::object token_to_json(const TokenRecord& record, Time now);

}  // namespace waybill
