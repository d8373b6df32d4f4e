#include "kinds/archive/morph/order.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "core/definition_fields.h"
#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/collect/archive_order.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/morph/morph.h"

namespace waybill {
namespace {

bool is_part_of_name(std::string_view text) {
  const bool is_plain = std::ranges::all_of(
      text, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
  return is_plain && !text.empty() && text.size() <= 100 && text != "." && text != "..";
}

bool is_scraper(std::string_view text) {
  const auto slash = text.find('/');
  return slash != text.npos && is_part_of_name(text.substr(0, slash)) &&
         is_part_of_name(text.substr(slash + 1));
}

}  // namespace

Result<MorphOrder> read_morph_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(morph_ingest_spec_schema());
  const auto object = archive_fields(request, kSchema, morph_ingest_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  // Who may only start a definition is not to say which secret goes where.
  for (const char* field : {"api", "key_secret"}) {
    if (!params_say(request, field)) continue;
    return fail(Code::invalid_argument,
                std::string("params: \"") + field + "\" stands in the definition's spec");
  }
  if (fields.has("api") && !fields.has("key_secret")) {
    return fail(Code::invalid_argument,
                "/key_secret: has to be said with an api of one's own, which is told that secret");
  }
  auto terms = read_archive_terms(*object, request);
  if (!terms) return fail(terms.error());
  MorphOrder order{.scraper = fields.text("scraper"),
                   .home = fields.text("api", "https://morph.io"),
                   .checksum = {},
                   .key_secret = fields.text("key_secret", "morph-api-key"),
                   .terms = std::move(*terms)};
  while (order.home.ends_with('/')) order.home.pop_back();
  if (!is_http_url(order.home) || order.home.find_first_of("?#@") != std::string::npos) {
    return fail(Code::invalid_argument, "/api: is no http:// or https:// URL of a server");
  }
  if (fields.has("checksum")) {
    auto digest = read_sha256(fields.text("checksum"));
    if (!digest) return fail(of_field("/checksum", digest.error()));
    order.checksum = std::move(*digest);
  }
  if (fields.has("collectionId")) {
    const auto id = parse_uuid(fields.text("collectionId"));
    if (!id) return fail(of_field("/collectionId", id.error()));
    order.terms.collection = *id;
  }
  if (order.scraper.empty() && has_no_params(request)) return order;
  if (!is_scraper(order.scraper)) {
    return fail(Code::invalid_argument, "/scraper: is no OWNER/NAME as morph.io has it");
  }
  order.home += "/" + order.scraper;
  return order;
}

}  // namespace waybill
