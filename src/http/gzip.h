#pragma once

#include <string>
#include <string_view>

namespace waybill::http {

/// Whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3): named, or `*`, and not with
/// q=0.
bool takes_gzip(std::string_view accept_encoding);

/// The same for another coding, in lower case: named, as `*` does not say that it can be read.
bool takes_coding(std::string_view accept_encoding, std::string_view coding);

/// In the gzip format (RFC 1952), quickly rather than small.
std::string gzip(std::string_view bytes);

}  // namespace waybill::http
