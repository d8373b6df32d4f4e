#pragma once

#include "http/answer.h"
#include "http/api/api.h"

namespace waybill::http {

/// Who asks, by the bearer token (RFC 6750, 2.1). Where nobody is asked, only requests that no web
/// page of somebody else can have sent are let in: those to an address of this machine, and
/// without a foreign Origin.
Answer<Principal> who_asks(const ApiGate& gate, const Request& request);

}  // namespace waybill::http
