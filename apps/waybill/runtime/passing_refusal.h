#pragma once

#include "ports/http_client.h"

namespace waybill::cli {

/// Whether a cloud refuses a request for this moment only: with 400, 403 or the like where others
/// answer 429 or 503. It was not carried out then. Sources: the retryers of AWS's and Google's SDKs
/// for Go.
bool is_passing_refusal(const HttpResponse& response);

}  // namespace waybill::cli
