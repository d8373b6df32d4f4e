#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/collection_store.h"

namespace waybill {

/// The collections in memory. Thread-safe.
class FakeCollectionStore final : public CollectionStore {
 public:
  Result<CollectionPut> put(const Collection& collection) override;
  Result<Collection> find(const Uuid& id) override;
  Result<Collection> change(const CollectionChange& change) override;
  Result<std::vector<Collection>> page(const CollectionQuery& query) override;
  Status remove(const Uuid& id) override;
  Status set_index(const Uuid& id, const std::string& cid, Time at) override;
  Result<std::size_t> add_items(const Uuid& id, std::span<const CollectionItem> items) override;
  Result<std::size_t> remove_items(const Uuid& id, std::span<const std::string> urls) override;
  Result<std::vector<CollectionItem>> items(const CollectionItemQuery& query) override;
  Status note(const FetchNote& note) override;
  Result<std::vector<Snapshot>> snapshots(const SnapshotQuery& query) override;
  Result<std::vector<Metadata>> metadata(const MetadataQuery& query) override;

 private:
  struct Row {
    Collection collection;
    std::vector<CollectionItem> items{};  // by position
  };
  Row* known_as(const Collection& collection) REQUIRES(mutex_);

  Mutex mutex_;
  std::map<Uuid, Row> rows_ GUARDED_BY(mutex_);
  std::map<std::string, std::map<Time, Snapshot>> snapshots_ GUARDED_BY(mutex_);
  std::map<std::string, std::map<std::string, Metadata>> metadata_ GUARDED_BY(mutex_);
};

}  // namespace waybill
