#include "adapters/gcs/wire.h"

#include <boost/json.hpp>
#include <charconv>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"

namespace waybill::gcs {
namespace {

using boost::json::object;
using boost::json::value;

tl::unexpected<Error> broken(std::string_view why) {
  return fail(Code::data_loss, "the answer is no listing of objects: " + std::string(why));
}

/// Empty: there is no such member, or it is no text.
std::string_view text_of(const object& json, std::string_view name) {
  const value* member = json.if_contains(name);
  if (member == nullptr || !member->is_string()) return {};
  return {member->get_string().data(), member->get_string().size()};
}

const object* object_of(const value* json) { return json == nullptr ? nullptr : json->if_object(); }

/// Null: there is none. `json` may hold null or an array under that name, else the answer is
/// broken.
Result<const boost::json::array*> array_of(const object& json, std::string_view name) {
  const value* member = json.if_contains(name);
  if (member == nullptr) return nullptr;
  if (!member->is_array()) return broken(std::string(name) + " is no array");
  return &member->get_array();
}

Result<ObjectInfo> read_item(const value& item) {
  const object* json = item.if_object();
  const std::string_view name = json == nullptr ? std::string_view() : text_of(*json, "name");
  if (name.empty()) return broken("an object has no name");
  ObjectInfo info{.key = std::string(name)};
  const std::string_view size = text_of(*json, "size");
  const char* const size_end = size.data() + size.size();
  if (!size.empty()) {
    const auto [end, error] = std::from_chars(size.data(), size_end, info.size_bytes);
    if (error != std::errc{} || end != size_end) return broken("a size is no number");
  }
  const std::string_view updated = text_of(*json, "updated");
  if (!updated.empty()) {
    const auto time = parse_time(updated);
    if (!time) return broken("a time is none");
    info.modified_at = *time;
  }
  return info;
}

}  // namespace

Result<ListPage> parse_listing(std::string_view text) {
  const auto json = json::parse(text);
  if (!json || !json->is_object()) return broken("it is no JSON object");
  const object& listing = json->get_object();
  if (listing.contains("error")) return broken("it is an error");
  ListPage page;
  const auto items = array_of(listing, "items");
  if (!items) return fail(items.error());
  if (*items != nullptr) {
    page.objects.reserve((*items)->size());
    for (const value& item : **items) {
      auto info = read_item(item);
      if (!info) return fail(info.error());
      page.objects.push_back(*std::move(info));
    }
  }
  const auto prefixes = array_of(listing, "prefixes");
  if (!prefixes) return fail(prefixes.error());
  if (*prefixes != nullptr) {
    for (const value& prefix : **prefixes) {
      if (!prefix.is_string() || prefix.get_string().empty()) return broken("a prefix is no text");
      page.prefixes.emplace_back(prefix.get_string().data(), prefix.get_string().size());
    }
  }
  page.next_token = text_of(listing, "nextPageToken");
  return page;
}

ErrorDocument parse_error(std::string_view text) {
  const auto json = json::parse(text);
  const object* answer = json ? json->if_object() : nullptr;
  const object* error = answer == nullptr ? nullptr : object_of(answer->if_contains("error"));
  if (error == nullptr) return {};
  ErrorDocument document{.message = std::string(text_of(*error, "message"))};
  const value* all = error->if_contains("errors");
  if (all != nullptr && all->is_array() && !all->get_array().empty()) {
    const object* first = all->get_array().front().if_object();
    if (first != nullptr) document.reason = text_of(*first, "reason");
  }
  return document;
}

bool is_upload_answer(std::string_view text) {
  const auto json = json::parse(text);
  return json && json->is_object();
}

std::string parse_put_name(std::string_view text) {
  const auto json = json::parse(text);
  const object* resource = json ? json->if_object() : nullptr;
  const object* own = resource == nullptr ? nullptr : object_of(resource->if_contains("metadata"));
  return own == nullptr ? std::string() : std::string(text_of(*own, kPutName));
}

Upload multipart_upload(const std::string& key, const std::string& put_name,
                        std::string_view body) {
  const std::string hash = md5(body);
  object metadata = {{"name", key}, {"md5Hash", to_base64(hash)}};
  if (!put_name.empty()) metadata["metadata"] = {{kPutName, put_name}};
  std::string boundary = "part-" + to_hex(hash);
  while (body.find(boundary) != body.npos) boundary += '-';
  const std::string dashes = "--" + boundary;
  Upload upload{.content_type = "multipart/related; boundary=" + boundary};
  upload.body.append(dashes).append("\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n");
  upload.body.append(json::serialize(metadata)).append("\r\n").append(dashes);
  upload.body.append("\r\nContent-Type: application/octet-stream\r\n\r\n").append(body);
  upload.body.append("\r\n").append(dashes).append("--\r\n");
  return upload;
}

}  // namespace waybill::gcs
