#pragma once

#include <string>

#include "base/error.h"
#include "ports/http_client.h"

namespace waybill::gcs {

/// What an answer that is no success means. `what` says what was being done, to which object.
Error refusal(const HttpResponse& response, const std::string& what, Time now);

/// Whether an answer says that there is no such bucket. No object either is the same status and
/// reason: only the text tells them apart.
bool is_missing_bucket(const HttpResponse& response);

}  // namespace waybill::gcs
