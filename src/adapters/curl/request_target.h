#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// Whether a request for http:// may go to a proxy, whose requests name the whole URL.
enum class HttpProxy { possible, none };

/// The path and query with which a URL ends and which may be sent as they are; empty where libcurl
/// has to take the URL to pieces itself. It does that byte by byte, several times a request.
std::string_view request_target(std::string_view url, HttpProxy proxy);

}  // namespace waybill
