#pragma once

#include <boost/json/fwd.hpp>

#include "core/secret.h"

namespace waybill {

/// What may be told of a secret: all but its value, also sealed.
boost::json::object secret_to_json(const SecretRecord& record);

}  // namespace waybill
