#pragma once

#include <string>
#include <string_view>

namespace waybill::http {

/// A strong ETag stands for the bytes that are sent: this one, in quotes, for its text compressed.
std::string etag_of_gzip(std::string_view etag);

/// How the ETags of a condition are compared (RFC 9110, 8.8.3.2): If-Match by `strong`, where a
/// weak one is never equal, If-None-Match by `weak`.
enum class EtagsAre : std::uint8_t { strong, weak };

/// Whether a condition's header, "*" or a list, names this ETag of the text as it is, or the one of
/// the same text compressed: both say that the reader knows it.
bool names_etag(std::string_view header, std::string_view etag, EtagsAre compared);

}  // namespace waybill::http
