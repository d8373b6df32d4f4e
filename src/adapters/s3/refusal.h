#pragma once

#include <string>

#include "adapters/s3/address.h"
#include "base/error.h"
#include "ports/http_client.h"

namespace waybill::s3 {

/// What an answer that is no success means. `what` says what was being done, to which object.
Error refusal(const HttpResponse& response, const S3Address& address, const std::string& what,
              Time now);

}  // namespace waybill::s3
