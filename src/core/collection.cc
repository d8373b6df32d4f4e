#include "core/collection.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// 0x12 0x20: SHA-256, of 32 bytes (multihash).
constexpr std::string_view kSha256Prefix = "1220";

Status check_text(std::string_view name, std::string_view text) {
  if (text.size() > kCollectionTextBytesMax) {
    return fail(Code::invalid_argument, std::string(name) + " is longer than 64 KiB");
  }
  if (is_utf8(text) && text.find('\0') == text.npos) return {};
  return fail(Code::invalid_argument, std::string(name) + " is no text in UTF-8");
}

Status check_url(std::string_view url) {
  if (url.size() > kUrlBytesMax) {
    return fail(Code::invalid_argument, "a URL has at most 2,000 bytes");
  }
  const bool is_plain = std::ranges::none_of(
      url, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
  if (is_plain && is_utf8(url)) return {};
  return fail(Code::invalid_argument, "\"" + escape_utf8(url.substr(0, 100)) +
                                          "\" is no URL: it has blanks or bytes "
                                          "that belong to no text");
}

void put_time(bj::object& object, std::string_view name, Time time) {
  object.insert_or_assign(json::text(name),
                          time == Time{} ? bj::value() : bj::value(format_time(time)));
}

void put_fetch(bj::object& object, const UrlFetch& fetch) {
  put_time(object, "tried_at", fetch.tried_at);
  put_time(object, "fetched_at", fetch.fetched_at);
  object["failure"] = json::text_or_null(
      fetch.failure == FetchFailure::none ? std::string_view() : to_string(fetch.failure));
  object["status"] = fetch.status;
  object["size_bytes"] = fetch.size_bytes;
  object["media_type"] = json::text(fetch.media_type);
  object["sha256"] = json::text_or_null(fetch.sha256);
  object["cid"] = json::text_or_null(fetch.cid);
  object["header_cid"] = json::text_or_null(fetch.header_cid);
  object["error"] = json::text_or_null(fetch.error);
}

}  // namespace

std::string_view to_string(FetchFailure failure) {
  switch (failure) {
    case FetchFailure::transient:
      return "transient";
    case FetchFailure::permanent:
      return "permanent";
    case FetchFailure::none:
      break;
  }
  return "none";
}

Status check_collection(const Collection& collection) {
  if (collection.id.is_nil()) return fail(Code::invalid_argument, "a collection has an id");
  if (Status fits = check_url(collection.url); !fits) return fits;
  if (Status fits = check_text("the title", collection.title); !fits) return fits;
  if (Status fits = check_text("the description", collection.description); !fits) return fits;
  return check_text("the creator", collection.creator);
}

Status check_item(const CollectionItem& item) {
  if (item.url.empty()) return fail(Code::invalid_argument, "an item has a URL");
  if (Status fits = check_url(item.url); !fits) return fits;
  if (Status fits = check_text("the title", item.title); !fits) return fits;
  return check_text("the description", item.description);
}

std::string metadata_hash(std::string_view subject, Time at, std::string_view meta) {
  const auto parsed = json::parse(meta);
  const Time second = std::chrono::floor<std::chrono::seconds>(at);
  std::string hashed = "{\"timestamp\":";
  json::append_quoted(hashed, format_time(second));
  hashed += ",\"keyId\":\"\",\"subject\":";
  json::append_quoted(hashed, subject);
  hashed += ",\"prev\":\"\",\"meta\":" + (parsed ? json::canonical(*parsed) : "null") + "}";
  return std::string(kSha256Prefix) + to_hex(sha256(hashed));
}

std::string metadata_digest(std::string_view meta) {
  if (meta.size() > kMetadataBytesMax) return {};
  const auto parsed = json::parse(meta);
  if (!parsed || !parsed->is_object()) return {};
  return sha256(json::canonical(*parsed));
}

bj::object collection_to_json(const Collection& collection) {
  bj::object object{{"id", to_string(collection.id)},
                    {"url", json::text_or_null(collection.url)},
                    {"title", json::text(collection.title)},
                    {"description", json::text(collection.description)},
                    {"creator", json::text(collection.creator)},
                    {"index_cid", json::text_or_null(collection.index_cid)}};
  put_time(object, "indexed_at", collection.indexed_at);
  put_time(object, "created_at", collection.created_at);
  put_time(object, "changed_at", collection.changed_at);
  return object;
}

bj::object item_to_json(const CollectionItem& item) {
  bj::object object{{"position", item.position},
                    {"url", json::text(item.url)},
                    {"title", json::text(item.title)},
                    {"description", json::text(item.description)}};
  put_fetch(object, item.fetch);
  return object;
}

bj::object snapshot_to_json(const Snapshot& snapshot) {
  bj::object object{{"url", json::text(snapshot.url)}, {"took_ms", snapshot.took_ms}};
  put_fetch(object, snapshot.fetch);
  return object;
}

bj::object metadata_to_json(const Metadata& metadata) {
  bj::object object{{"subject", json::text(metadata.subject)}, {"hash", json::text(metadata.hash)}};
  put_time(object, "at", metadata.at);
  auto meta = json::parse(metadata.meta);
  object["meta"] = meta ? std::move(*meta) : bj::value();
  return object;
}

}  // namespace waybill
