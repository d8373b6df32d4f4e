#include "core/warc/cdxj.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/ascii.h"
#include "base/json.h"
#include "core/warc/surt.h"

namespace waybill {
namespace {

namespace bj = boost::json;

std::string cdx_text(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(bj::string_view(name.data(), name.size()));
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_int64() ? std::to_string(value->get_int64()) : std::string();
}

std::int64_t cdx_number(const bj::object& object, std::string_view name) {
  const std::string text = cdx_text(object, name);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string cdxj_text(const CdxLine& line) {
  bj::object fields{{"url", json::text(line.url)},
                    {"mime", json::text(line.mime)},
                    {"status", json::text(std::to_string(line.status))},
                    {"digest", json::text(line.digest)},
                    {"length", json::text(std::to_string(line.length))},
                    {"offset", json::text(std::to_string(line.offset))},
                    {"filename", json::text(line.filename)}};
  if (!line.original_url.empty()) {
    fields["original_url"] = json::text(line.original_url);
    fields["original_timestamp"] = json::text(line.original_timestamp);
  }
  return surt_of_url(line.url) + " " + line.timestamp + " " + json::serialize(fields);
}

std::optional<CdxLine> parse_cdxj(std::string_view text) {
  const auto first = text.find(' ');
  if (first == text.npos || first == 0 || text.front() == '!') return std::nullopt;
  const auto second = text.find(' ', first + 1);
  if (second == text.npos) return std::nullopt;
  CdxLine line{.timestamp = std::string(text.substr(first + 1, second - first - 1))};
  if (line.timestamp.size() != 14 || !std::ranges::all_of(line.timestamp, is_digit)) {
    return std::nullopt;
  }
  const auto value = json::parse(text.substr(second + 1));
  if (!value || !value->is_object()) return std::nullopt;
  const bj::object& fields = value->get_object();
  line.url = cdx_text(fields, "url");
  line.mime = cdx_text(fields, "mime");
  line.status = static_cast<int>(cdx_number(fields, "status"));
  line.digest = cdx_text(fields, "digest");
  line.length = cdx_number(fields, "length");
  line.offset = cdx_number(fields, "offset");
  line.filename = cdx_text(fields, "filename");
  line.original_url = cdx_text(fields, "original_url");
  line.original_timestamp = cdx_text(fields, "original_timestamp");
  return line;
}

}  // namespace waybill
