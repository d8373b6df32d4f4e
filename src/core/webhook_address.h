#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "core/ip_network.h"

namespace waybill {

/// Whether messages for this URL may go to an address: to public ones over TLS, and to those in
/// `networks` in any case. So nobody can have a server ask those that only it can reach (SSRF).
bool webhook_may_reach(std::span<const IpNetwork> networks, std::string_view url,
                       const IpAddress& address);

/// Refuses, with `invalid_argument`, a URL that can be seen to lead nowhere: it is not encrypted
/// where that must be, or its host is an address that must not be reached. The rest shows when
/// names are resolved.
Status check_webhook_address(std::span<const IpNetwork> networks, std::string_view url);

}  // namespace waybill
