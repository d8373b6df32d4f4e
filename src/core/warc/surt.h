#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// The key by which an index of web archives is sorted (SURT): the host's labels in reverse, then
/// port, path and query, in lower case, with the parts of the query in order and without a leading
/// `www.`, as warcio makes it: `http://www.Example.org/A?c=2&b` is `org,example)/a?b&c=2`. A text
/// that is no http or https URL is its own key.
std::string surt_of_url(std::string_view url);

}  // namespace waybill
