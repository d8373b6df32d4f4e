#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"

namespace waybill {

/// An index of PostgreSQL takes no more than 2,704 bytes of a row.
inline constexpr std::size_t kUrlBytesMax = 2000;
inline constexpr std::size_t kCollectionTextBytesMax = 64 << 10;
inline constexpr std::size_t kMetadataBytesMax = 1 << 20;

/// Some URLs that belong together.
struct Collection {
  Uuid id;
  std::string url;  ///< that it stands for; no two have the same; empty: none
  std::string title;
  std::string description;
  std::string creator;
  std::string index_cid;  ///< of its CDXJ index at the node of IPFS; empty: none was written
  Time indexed_at{};
  Time created_at{};
  Time changed_at{};

  bool operator==(const Collection&) const = default;
};
/// Refuses, with `invalid_argument`, what no store may take.
Status check_collection(const Collection& collection);

/// Whether another try may do better. Kept by number.
enum class FetchFailure : std::uint8_t { none = 0, transient = 1, permanent = 2 };
std::string_view to_string(FetchFailure failure);

/// What came of fetching a URL, for people and for the next attempt.
struct UrlFetch {
  Time tried_at{};                            ///< Time{}: never
  Time fetched_at{};                          ///< when what follows was there; Time{}: it never was
  FetchFailure failure = FetchFailure::none;  ///< of the last try
  int status = 0;                             ///< of HTTP, of the last try; 0: no answer came
  std::int64_t size_bytes = 0;
  std::string media_type;
  std::string sha256;      ///< 64 hexadecimal digits; empty: nothing came
  std::string cid;         ///< of the content; empty: it is at no node
  std::string header_cid;  ///< of the answer's head
  std::string error;       ///< why the last try failed; empty: it did not

  bool operator==(const UrlFetch&) const = default;
};

/// A URL of a collection, with what is known of it.
struct CollectionItem {
  std::int64_t position = 0;  ///< in the order of adding, from 1
  std::string url;
  std::string title;
  std::string description;
  UrlFetch fetch;

  bool operator==(const CollectionItem&) const = default;
};
/// Refuses, with `invalid_argument`, a URL that no store may take: what is no UTF-8, has control
/// characters, is empty or longer than kUrlBytesMax.
Status check_item(const CollectionItem& item);

/// What a URL had at a time.
struct Snapshot {
  std::string url;
  UrlFetch fetch;
  std::int64_t took_ms = 0;

  bool operator==(const Snapshot&) const = default;
};

/// What is said of a content by somebody, as a dataset in a catalogue.
struct Metadata {
  std::string subject;  ///< CID
  std::string hash;     ///< metadata_hash
  Time at{};
  std::string meta;  ///< JSON object

  bool operator==(const Metadata&) const = default;
};
/// Lower-case hexadecimal digits of a multihash (SHA-256) of what task_mgmt hashed: the object
/// {timestamp, keyId, subject, prev, meta} without keyId and prev, with sorted keys of `meta`.
std::string metadata_hash(std::string_view subject, Time at, std::string_view meta);

/// What its uniqueness goes by: SHA-256 of the JSON with sorted keys, 32 bytes; empty: it is no
/// JSON object of at most kMetadataBytesMax.
std::string metadata_digest(std::string_view meta);

boost::json::object collection_to_json(const Collection& collection);
boost::json::object item_to_json(const CollectionItem& item);
boost::json::object snapshot_to_json(const Snapshot& snapshot);
boost::json::object metadata_to_json(const Metadata& metadata);

}  // namespace waybill
