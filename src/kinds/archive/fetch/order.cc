#include "kinds/archive/fetch/order.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "kinds/archive/fields.h"

namespace waybill {
namespace {

namespace bj = boost::json;

Status check_url_field(std::string_view pointer, const std::string& url) {
  if (is_http_url(url)) return {};
  return fail(Code::invalid_argument,
              std::string(pointer) + ": is no http:// or https:// URL, percent-encoded");
}

Status check_header_field(std::string_view pointer, const std::string& value) {
  const bool fits = std::ranges::all_of(value, [](char c) { return c >= ' ' && c < 0x7f; });
  if (fits) return {};
  return fail(Code::invalid_argument, std::string(pointer) + ": is no value of a header");
}

Status read_urls(const Fields& fields, FetchOrder& order) {
  if (fields.has("url")) order.urls.push_back(fields.text("url"));
  if (const auto* mirrors = fields.find("mirrors")) {
    for (const bj::value& mirror : mirrors->get_array()) {
      order.urls.emplace_back(mirror.get_string());
    }
  }
  for (const std::string& url : order.urls) {
    const bool is_first = fields.has("url") && &url == order.urls.data();
    if (Status fits = check_url_field(is_first ? "/url" : "/mirrors", url); !fits) return fits;
  }
  order.sha256_url = fields.text("sha256_url");
  order.metalink = fields.text("metalink");
  if (!order.sha256_url.empty() && !order.metalink.empty()) {
    return fail(Code::invalid_argument,
                "/sha256_url: the metalink says the digest; leave one of the two out");
  }
  if (!order.metalink.empty()) return check_url_field("/metalink", order.metalink);
  return order.sha256_url.empty() ? Status() : check_url_field("/sha256_url", order.sha256_url);
}

Status read_digest(const Fields& fields, FetchOrder& order) {
  for (const char* name : {"sha256", "checksum"}) {
    const std::string text = fields.text(name);
    if (text.empty()) continue;
    auto digest = read_sha256(text);
    if (!digest) return fail(of_field("/" + std::string(name), digest.error()));
    if (!order.sha256.empty() && order.sha256 != *digest) {
      return fail(Code::invalid_argument, "/checksum: is another one than sha256");
    }
    order.sha256 = std::move(*digest);
  }
  return {};
}

Status read_limits(const Fields& fields, const TaskRequest& request, FetchOrder& order) {
  order.bytes_max = artifact_bytes_max(request.spec);
  const Fields limits(fields.object("limits"));
  if (limits.has("artifacts")) {
    const auto size = parse_size(limits.text("artifacts"));
    if (!size) return fail(of_field("/limits/artifacts", size.error()));
  }
  if (!fields.has("bytes_max")) return {};
  const auto size = parse_size(fields.text("bytes_max"));
  if (!size) return fail(of_field("/bytes_max", size.error()));
  order.bytes_max = std::min(order.bytes_max, *size);
  return {};
}

}  // namespace

Result<FetchOrder> read_fetch_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(fetch_spec_schema());
  const auto object = archive_fields(request, kSchema, fetch_spec_schema());
  if (!object) return fail(object.error());
  return fetch_order_of(*object, request);
}

Result<FetchOrder> fetch_order_of(const bj::object& object, const TaskRequest& request) {
  const Fields fields(object);
  FetchOrder order{.urls = {},
                   .name = fields.text("name"),
                   .media_type = fields.text("media_type"),
                   .sha256 = {},
                   .sha256_url = {},
                   .metalink = {},
                   .if_none_match = fields.text("if_none_match"),
                   .if_modified_since = fields.text("if_modified_since")};
  Status fits = read_urls(fields, order);
  if (fits) fits = read_digest(fields, order);
  if (fits) fits = read_limits(fields, request, order);
  if (fits) fits = read_manners(fields, order.manners);
  if (fits) fits = check_header_field("/if_none_match", order.if_none_match);
  if (fits) fits = check_header_field("/if_modified_since", order.if_modified_since);
  if (!fits) return fail(fits.error());
  if (!order.name.empty()) {
    if (const Status named = check_artifact_name(order.name); !named) {
      return fail(of_field("/name", named.error()));
    }
  }
  if (!order.media_type.empty()) {
    if (const Status typed = check_media_type(order.media_type); !typed) {
      return fail(of_field("/media_type", typed.error()));
    }
  }
  if (order.urls.empty() && order.metalink.empty() && !has_no_params(request)) {
    return fail(Code::invalid_argument, "url param is required");
  }
  return order;
}

}  // namespace waybill
