#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

struct ObjectStoreCaps {
  bool conditional_put = false;  ///< put_if_absent is atomic against rivals
  bool nested_keys = true;       ///< "a" and "a/b" may both be there
  /// Else keys are UTF-8 without control characters, and neither `.` nor `..`.
  bool any_bytes = true;
  /// put_all_if_absent asks for all at once: it takes about as long as one put.
  bool puts_at_once = false;
};

/// How much is said about each object. `keys_only` spares a store on disk one call per object; size
/// and time may then be zero.
enum class ListDetail : std::uint8_t { full, keys_only };

struct ListParams {
  std::string prefix;
  std::string start_after;  ///< only keys greater than this, by bytes
  std::string end_before;   ///< only keys less than this, by bytes; empty: no bound
  std::string delimiter;    ///< keys with it after the prefix are folded into `prefixes`
  std::string token;        ///< from the last page
  ListDetail detail = ListDetail::full;

  bool operator==(const ListParams&) const = default;
};
struct ObjectInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
  Time modified_at{};  ///< zero where the store does not say
};
struct ObjectPut {
  std::string key;
  std::string_view body;
};
struct ListPage {
  std::vector<ObjectInfo> objects;    ///< in byte order of their keys
  std::vector<std::string> prefixes;  ///< in byte order, each once over all pages
  std::string next_token;             ///< empty: that was all
};

/// A bucket. Keys are UTF-8 or any other bytes, 1 to 1024 of them, without meaning but for order; a
/// put with another key is `invalid_argument`. Thread-safe. Errors: `not_found` (bucket or object),
/// `permission_denied`, `unavailable` (try again), and for a store on disk `resource_exhausted`.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual ObjectStoreCaps caps() const = 0;
  /// For people: `file:///srv/drop/ingest`.
  virtual std::string url() const = 0;
  virtual Result<ListPage> list(const ListParams& params) = 0;
  virtual Result<std::string> get(const std::string& key) = 0;
  /// Creates or replaces; readers see the old or the new, never a part.
  virtual Status put(const std::string& key, std::string_view body) = 0;
  /// `already_exists` if there is one; of rivals exactly one wins (where caps say so).
  virtual Status put_if_absent(const std::string& key, std::string_view body) = 0;
  /// The same for several, each answered for itself, in their order. Here: one after the other.
  virtual std::vector<Status> put_all_if_absent(std::span<const ObjectPut> puts);
  /// Fine if it is not there.
  virtual Status remove(const std::string& key) = 0;
};

}  // namespace waybill
