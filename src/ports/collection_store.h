#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/collection.h"

namespace waybill {

enum class CollectionPutDone : std::uint8_t { made, changed };
struct CollectionPut {
  CollectionPutDone done = CollectionPutDone::made;
  Collection collection;  ///< as it is kept then
};

struct CollectionQuery {
  Uuid after{};  ///< by id, which is by time of making: those after it
  std::size_t limit = 100;
};
struct CollectionItemQuery {
  Uuid collection;
  std::int64_t after = 0;  ///< by position: those after it
  std::size_t limit = 100;
};
struct SnapshotQuery {
  std::string url;
  std::optional<Time> before{};  ///< the newest first: those fetched before it
  std::size_t limit = 100;
};
struct MetadataQuery {
  std::string subject;
  std::string after{};  ///< by hash: those after it
  std::size_t limit = 100;
};

/// What came of an item, kept all or none.
struct FetchNote {
  Uuid collection;
  std::string url;
  UrlFetch fetch;
  std::int64_t took_ms = 0;
  std::vector<std::string> metadata{};  ///< JSON objects; about fetch.cid
  bool is_new = true;                   ///< fetched now; else what was fetched before: no snapshot
};

/// What is to be said of a collection from now on; what is not there stays as it is.
struct CollectionChange {
  Uuid id;
  std::optional<std::string> title{};
  std::optional<std::string> description{};
  std::optional<std::string> creator{};
  Time at{};
  /// As somebody has read it, who changes that alone.
  std::optional<Collection> expected{};
};

/// What was fetched, and what is said of it. Thread-safe. Errors as for LedgerReader.
class FetchRecords {
 public:
  virtual ~FetchRecords() = default;
  virtual Result<std::vector<Snapshot>> snapshots(const SnapshotQuery& query) = 0;
  virtual Result<std::vector<Metadata>> metadata(const MetadataQuery& query) = 0;
};

/// The URLs of collections. Thread-safe. Errors as for Ledger.
class CollectionItems {
 public:
  virtual ~CollectionItems() = default;
  /// Adds those whose URL is not among its items yet, in this order; others get title and
  /// description as far as they are not empty. How many are new. `not_found`; `invalid_argument` as
  /// check_item.
  virtual Result<std::size_t> add_items(const Uuid& id, std::span<const CollectionItem> items) = 0;
  /// Those of these URLs that are among its items are so no more; others stay where they are, and
  /// snapshots and metadata too. How many were. `not_found`.
  virtual Result<std::size_t> remove_items(const Uuid& id, std::span<const std::string> urls) = 0;
  /// Its items by position. None if there is no such collection.
  virtual Result<std::vector<CollectionItem>> items(const CollectionItemQuery& query) = 0;
};

/// Collections of URLs, with what was fetched from them. Kept beside the ledger, by the same
/// adapter. Thread-safe; durable when a call returns. Errors as for Ledger.
///
/// All of it may be said again, by whoever goes on where an attempt was cut off: nothing is there
/// twice then.
class CollectionStore : public FetchRecords, public CollectionItems {
 public:
  /// Adds one, as check_collection wants it; or, where there is one with this id, or else with this
  /// URL, gives that its title, description and creator as far as they are not empty.
  virtual Result<CollectionPut> put(const Collection& collection) = 0;
  /// `not_found` if there is none of that id.
  virtual Result<Collection> find(const Uuid& id) = 0;
  /// As it is then. `not_found`; `invalid_argument` as check_collection; `aborted`: it is not what
  /// was expected.
  virtual Result<Collection> change(const CollectionChange& change) = 0;
  virtual Result<std::vector<Collection>> page(const CollectionQuery& query) = 0;
  /// With its items; snapshots and metadata stay, as they are of URLs. `not_found`.
  virtual Status remove(const Uuid& id) = 0;
  /// Its index is that from now on. `not_found`.
  virtual Status set_index(const Uuid& id, const std::string& cid, Time at) = 0;

  /// Writes down what came of fetching one of its items: with the item, as a snapshot of the URL
  /// unless it has one of that time, and metadata that is not said of that content yet. A failed
  /// one (with an error) leaves what came of an earlier one, but for status and error. What is
  /// older than what is known of the item changes it no more. `not_found`: there is no such item
  /// (any more).
  virtual Status note(const FetchNote& note) = 0;
};

/// The items as add_items takes them: each URL once, where it first is, with the last title and
/// description that is not empty. `invalid_argument` as check_item.
Result<std::vector<CollectionItem>> distinct_items(std::span<const CollectionItem> items);
/// What a store writes of a note. `invalid_argument` for metadata that is no JSON object of at most
/// kMetadataBytesMax.
Result<std::vector<Metadata>> metadata_of(const FetchNote& note);
/// The collection as it is after a change. `aborted`, `invalid_argument` likewise.
Result<Collection> changed_collection(const Collection& kept, const CollectionChange& change);
/// As stores say it.
tl::unexpected<Error> no_collection(const Uuid& id);
tl::unexpected<Error> no_item(const FetchNote& note);

}  // namespace waybill
