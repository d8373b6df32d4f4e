#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "ports/collection_store.h"

namespace waybill::postgres {

class PostgresCollectionPort final : public CollectionStore {
 public:
  explicit PostgresCollectionPort(Database& database) : database_(database) {}

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
  Database& database_;
};

}  // namespace waybill::postgres
