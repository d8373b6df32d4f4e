#pragma once

#include <string_view>

namespace waybill {

/// Whether an absolute URL is asked for without a proxy, as `no_proxy` (of the variable NO_PROXY)
/// has it for Go's programs: commas in between, `*`, `example.com` and what is below it,
/// `.example.com` and `*.example.com` for only what is below, addresses, networks (`10.0.0.0/8`),
/// each with a port if it is for that one alone. Metadata servers are never asked through one: they
/// tell each machine of itself. Source: golang.org/x/net/http/httpproxy.
bool goes_without_proxy(std::string_view url, std::string_view no_proxy);

}  // namespace waybill
