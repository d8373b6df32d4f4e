#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/http_client.h"

namespace waybill {

/// "host:port" of an absolute URL, without user and password; empty for any other text.
std::string host_of(std::string_view url);

/// Refuses, with `invalid_argument`, what cannot be sent: `host` is host_of the request's URL.
Status check_http_request(const HttpRequest& request, std::string_view host);

}  // namespace waybill
