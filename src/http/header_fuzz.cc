// Headers as anybody may send them, a line each: whatever they are, they are refused with a
// sentence, or read without harm.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "base/utf8.h"
#include "core/trace_context.h"
#include "http/cookie.h"
#include "http/etag.h"
#include "http/gzip.h"
#include "http/header_rules.h"
#include "http/range.h"

namespace waybill::http {
namespace {

constexpr std::int64_t kSize = 1000;

Request request_of(std::string_view text) {
  Request request;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const std::size_t colon = line.find(':');
    request.headers.emplace_back(to_lower(line.substr(0, colon)),
                                 without_padding(colon == line.npos ? "" : line.substr(colon + 1)));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return request;
}

void read_range_of(std::string_view header) {
  const auto range = read_range(header, kSize);
  if (!range || range->is_whole) return;
  WAYBILL_CHECK(range->first >= 0 && range->size_bytes > 0, "a range of nothing");
  WAYBILL_CHECK(range->first + range->size_bytes <= kSize, "a range beyond the end");
}

}  // namespace
}  // namespace waybill::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const http::Request request = http::request_of(text);
  const std::string fault = http::header_fault(request, http::HostRule::needed);
  const std::string older = http::header_fault(request, http::HostRule::may_lack);
  WAYBILL_CHECK(older.empty() || !fault.empty(), "an older request is held to less, not more");
  if (fault.empty()) {
    for (const auto& [name, value] : request.headers) {
      WAYBILL_CHECK(value.find('\0') == value.npos && !name.empty(), "a header that none may be");
    }
  }
  const std::string_view session = http::cookie(request, "session");
  WAYBILL_CHECK(session.size() <= request.header("cookie").size(), "a cookie from nowhere");
  http::read_range_of(request.header("range"));
  for (const auto compared : {http::EtagsAre::strong, http::EtagsAre::weak}) {
    const std::string_view header = request.header("if-none-match");
    if (http::names_etag(header, "\"abc\"", compared)) {
      WAYBILL_CHECK(header.find("abc") != header.npos || header == "*",
                    "an ETag that is not there");
    }
  }
  (void)http::takes_gzip(request.header("accept-encoding"));
  const std::string_view trace = request.header("traceparent");
  WAYBILL_CHECK(!is_traceparent(trace) || (trace.size() == 55 && is_utf8(trace)),
                "a trace of another form");
  return 0;
}
