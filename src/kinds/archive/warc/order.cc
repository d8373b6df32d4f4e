#include "kinds/archive/warc/order.h"

#include <boost/json.hpp>
#include <utility>

#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "kinds/archive/fields.h"

namespace waybill {
namespace {

namespace bj = boost::json;

Status read_size_field(const Fields& fields, const char* name, std::int64_t& into) {
  if (!fields.has(name)) return {};
  const auto size = parse_size(fields.text(name));
  if (!size) return fail(of_field("/" + std::string(name), size.error()));
  if (*size == 0) return fail(Code::invalid_argument, "/" + std::string(name) + ": is nothing");
  into = *size;
  return {};
}

Status read_duration_field(const Fields& fields, const char* name, Duration& into) {
  if (!fields.has(name)) return {};
  const auto duration = parse_duration(fields.text(name));
  if (!duration) return fail(of_field("/" + std::string(name), duration.error()));
  if (*duration < Duration(0)) {
    return fail(Code::invalid_argument, "/" + std::string(name) + ": is less than nothing");
  }
  into = *duration;
  return {};
}

Status read_what_to_capture(const Fields& fields, CaptureOrder& order) {
  if (const auto* urls = fields.find("urls")) {
    for (const bj::value& url : urls->get_array()) {
      auto read = url_to_capture(std::string(url.get_string()));
      if (!read) return fail(of_field("/urls", read.error()));
      order.urls.push_back(std::move(*read));
    }
  }
  if (fields.has("sha256")) {
    auto digest = read_sha256(fields.text("sha256"));
    if (!digest) return fail(of_field("/sha256", digest.error()));
    order.list_sha256 = std::move(*digest);
  }
  if (const auto* earlier = fields.find("earlier")) {
    for (const bj::value& index : earlier->get_array()) {
      auto digest = read_sha256(std::string(index.get_string()));
      if (!digest) return fail(of_field("/earlier", digest.error()));
      order.earlier.push_back(std::move(*digest));
    }
  }
  order.name = fields.text("name", "capture");
  if (const Status named = check_artifact_name(order.name + ".wacz"); !named) {
    return fail(of_field("/name", named.error()));
  }
  order.is_package = fields.text("package", "wacz") == "wacz";
  return {};
}

Status read_how(const Fields& fields, CaptureOrder& order) {
  Status fits = read_size_field(fields, "file_bytes_max", order.file_bytes_max);
  if (fits) fits = read_size_field(fields, "url_bytes_max", order.url_bytes_max);
  if (fits) fits = read_duration_field(fields, "url_time_max", order.url_time_max);
  if (fits) fits = read_manners(fields, order.manners);
  order.concurrency = static_cast<int>(fields.integer("concurrency", order.concurrency));
  order.redirects_max = static_cast<int>(fields.integer("redirects_max", order.redirects_max));
  order.tries = static_cast<int>(fields.integer("tries", order.tries));
  order.retries_per_host =
      static_cast<int>(fields.integer("retries_per_host", order.retries_per_host));
  return fits;
}

}  // namespace

Result<std::string> url_to_capture(std::string_view text) {
  if (!is_http_url(text)) {
    return fail(Code::invalid_argument, "is no http:// or https:// URL, percent-encoded");
  }
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string url;
  for (const char c : text.substr(0, text.find('#'))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      url += c;
    } else {
      url.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  const auto authority = url.substr(0, url.find_first_of("/?", url.find("//") + 2));
  if (authority.find('@') != authority.npos) {
    return fail(Code::invalid_argument,
                "has a user or a password, which would stand in the archive");
  }
  return url;
}

Result<CaptureOrder> read_capture_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(capture_spec_schema());
  const auto object = archive_fields(request, kSchema, capture_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  CaptureOrder order;
  Status fits = read_what_to_capture(fields, order);
  if (fits) fits = read_how(fields, order);
  if (!fits) return fail(fits.error());
  const Fields limits(fields.object("limits"));
  std::int64_t ignored = 0;
  if (Status sized = read_size_field(limits, "artifacts", ignored); !sized) {
    return fail(with_context(sized.error(), "limits"));
  }
  order.bytes_max = artifact_bytes_max(request.spec);
  if (order.urls.empty() && order.list_sha256.empty() && !has_no_params(request)) {
    return fail(Code::invalid_argument, "urls, or the sha256 of an artifact of them, is required");
  }
  return order;
}

}  // namespace waybill
