#include "adapters/s3/wire.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "base/percent.h"

namespace waybill::s3 {
namespace {

/// White space is part of keys.
constexpr unsigned int kParse = pugi::parse_default | pugi::parse_ws_pcdata_single;

tl::unexpected<Error> broken(std::string_view why) {
  return fail(Code::data_loss, "the answer is no listing of objects: " + std::string(why));
}

/// A name of the listing, which is percent-encoded (and has + for blanks) if it says so.
Result<std::string> name_of(const pugi::xml_node& node, bool is_encoded) {
  std::string text = node.text().get();
  const bool has_escape = text.find('%') != text.npos || text.find('+') != text.npos;
  if (!is_encoded || !has_escape) return text;
  std::replace(text.begin(), text.end(), '+', ' ');
  auto decoded = from_percent(text);
  if (!decoded) return broken("a key has a broken percent sign");
  return *std::move(decoded);
}

Result<ObjectInfo> object_of(const pugi::xml_node& contents, bool is_encoded) {
  auto key = name_of(contents.child("Key"), is_encoded);
  if (!key) return fail(key.error());
  if (key->empty()) return broken("an object has no key");
  ObjectInfo object{.key = *std::move(key)};
  const std::string_view size = contents.child("Size").text().get();
  const auto [end, error] =
      std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
  if (error != std::errc() || end != size.data() + size.size())
    return broken("a size is no number");
  const auto modified_at = parse_time(contents.child("LastModified").text().get());
  if (modified_at) object.modified_at = *modified_at;
  return object;
}

}  // namespace

Result<ListPage> parse_listing(std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), kParse, pugi::encoding_utf8);
  if (!parsed) return broken(parsed.description());
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!root) return broken("it has no ListBucketResult");
  const bool is_encoded = std::string_view(root.child("EncodingType").text().get()) == "url";
  ListPage page;
  for (const pugi::xml_node& child : root.children()) {
    const std::string_view name = child.name();
    if (name == "Contents") {
      auto object = object_of(child, is_encoded);
      if (!object) return fail(object.error());
      page.objects.push_back(*std::move(object));
    } else if (name == "CommonPrefixes") {
      auto prefix = name_of(child.child("Prefix"), is_encoded);
      if (!prefix) return fail(prefix.error());
      page.prefixes.push_back(*std::move(prefix));
    }
  }
  if (std::string_view(root.child("IsTruncated").text().get()) == "true") {
    page.next_token = root.child("NextContinuationToken").text().get();
    if (page.next_token.empty()) return broken("there is more of it, but no token");
  }
  return page;
}

ErrorDocument parse_error(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), kParse, pugi::encoding_utf8)) return {};
  const pugi::xml_node root = document.child("Error");
  return {.code = root.child("Code").text().get(),
          .message = root.child("Message").text().get(),
          .region = root.child("Region").text().get()};
}

}  // namespace waybill::s3
