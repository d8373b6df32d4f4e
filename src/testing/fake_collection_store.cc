#include "testing/fake_collection_store.h"

#include <algorithm>

namespace waybill {
namespace {

void put_unless_empty(std::string& kept, const std::string& said) {
  if (!said.empty()) kept = said;
}

}  // namespace

FakeCollectionStore::Row* FakeCollectionStore::known_as(const Collection& collection) {
  const auto same = rows_.find(collection.id);
  if (same != rows_.end()) return &same->second;
  const auto of_url = std::ranges::find_if(rows_, [&](const auto& row) {
    return !collection.url.empty() && row.second.collection.url == collection.url;
  });
  return of_url == rows_.end() ? nullptr : &of_url->second;
}

Result<CollectionPut> FakeCollectionStore::put(const Collection& collection) {
  if (Status fits = check_collection(collection); !fits) return fail(fits.error());
  const Lock lock(mutex_);
  if (Row* const row = known_as(collection)) {
    Collection& kept = row->collection;
    put_unless_empty(kept.title, collection.title);
    put_unless_empty(kept.description, collection.description);
    put_unless_empty(kept.creator, collection.creator);
    kept.changed_at = std::max(kept.changed_at, collection.created_at);
    return CollectionPut{.done = CollectionPutDone::changed, .collection = kept};
  }
  Collection made = collection;
  made.index_cid = "";
  made.indexed_at = Time{};
  made.changed_at = made.created_at;
  rows_[made.id] = {.collection = made};
  return CollectionPut{.done = CollectionPutDone::made, .collection = made};
}

Result<Collection> FakeCollectionStore::find(const Uuid& id) {
  const Lock lock(mutex_);
  const auto row = rows_.find(id);
  if (row == rows_.end()) return no_collection(id);
  return row->second.collection;
}

Result<Collection> FakeCollectionStore::change(const CollectionChange& change) {
  const Lock lock(mutex_);
  const auto row = rows_.find(change.id);
  if (row == rows_.end()) return no_collection(change.id);
  auto after = changed_collection(row->second.collection, change);
  if (after) row->second.collection = *after;
  return after;
}

Result<std::vector<Collection>> FakeCollectionStore::page(const CollectionQuery& query) {
  const Lock lock(mutex_);
  std::vector<Collection> page;
  for (auto row = rows_.upper_bound(query.after); row != rows_.end() && page.size() < query.limit;
       ++row) {
    page.push_back(row->second.collection);
  }
  return page;
}

Status FakeCollectionStore::remove(const Uuid& id) {
  const Lock lock(mutex_);
  return rows_.erase(id) > 0 ? Status() : Status(no_collection(id));
}

Status FakeCollectionStore::set_index(const Uuid& id, const std::string& cid, Time at) {
  const Lock lock(mutex_);
  const auto row = rows_.find(id);
  if (row == rows_.end()) return no_collection(id);
  Collection& kept = row->second.collection;
  kept.index_cid = cid;
  kept.indexed_at = at;
  kept.changed_at = std::max(kept.changed_at, at);
  return {};
}

Result<std::size_t> FakeCollectionStore::add_items(const Uuid& id,
                                                   std::span<const CollectionItem> items) {
  auto distinct = distinct_items(items);
  if (!distinct) return fail(distinct.error());
  const Lock lock(mutex_);
  const auto row = rows_.find(id);
  if (row == rows_.end()) return no_collection(id);
  std::vector<CollectionItem>& kept = row->second.items;
  std::size_t added = 0;
  for (CollectionItem& item : *distinct) {
    const auto known = std::ranges::find(kept, item.url, &CollectionItem::url);
    if (known != kept.end()) {
      put_unless_empty(known->title, item.title);
      put_unless_empty(known->description, item.description);
      continue;
    }
    item.position = kept.empty() ? 1 : kept.back().position + 1;
    kept.push_back(std::move(item));
    ++added;
  }
  return added;
}

Result<std::size_t> FakeCollectionStore::remove_items(const Uuid& id,
                                                      std::span<const std::string> urls) {
  const Lock lock(mutex_);
  const auto row = rows_.find(id);
  if (row == rows_.end()) return no_collection(id);
  return std::erase_if(row->second.items, [&](const CollectionItem& item) {
    return std::ranges::find(urls, item.url) != urls.end();
  });
}

Result<std::vector<CollectionItem>> FakeCollectionStore::items(const CollectionItemQuery& query) {
  const Lock lock(mutex_);
  std::vector<CollectionItem> page;
  const auto row = rows_.find(query.collection);
  if (row == rows_.end()) return page;
  for (const CollectionItem& item : row->second.items) {
    if (item.position > query.after && page.size() < query.limit) page.push_back(item);
  }
  return page;
}

Status FakeCollectionStore::note(const FetchNote& note) {
  auto metadata = metadata_of(note);
  if (!metadata) return fail(metadata.error());
  const Lock lock(mutex_);
  const auto row = rows_.find(note.collection);
  if (row == rows_.end()) return no_item(note);
  const auto item = std::ranges::find(row->second.items, note.url, &CollectionItem::url);
  if (item == row->second.items.end()) return no_item(note);
  if (note.fetch.failure != FetchFailure::none) {
    if (note.fetch.tried_at < item->fetch.tried_at) return {};
    item->fetch.tried_at = std::max(note.fetch.tried_at, item->fetch.fetched_at);
    item->fetch.failure = note.fetch.failure;
    item->fetch.status = note.fetch.status;
    item->fetch.error = note.fetch.error;
    return {};
  }
  if (note.fetch.fetched_at >= item->fetch.fetched_at) item->fetch = note.fetch;
  if (note.is_new) {
    Snapshot snapshot{.url = note.url, .fetch = note.fetch, .took_ms = note.took_ms};
    snapshot.fetch.tried_at = snapshot.fetch.fetched_at;
    snapshots_[note.url].try_emplace(note.fetch.fetched_at, std::move(snapshot));
  }
  for (Metadata& each : *metadata) {
    auto& said = metadata_[each.subject];
    const bool is_known = std::ranges::any_of(said, [&](const auto& one) {
      return metadata_digest(one.second.meta) == metadata_digest(each.meta);
    });
    if (!is_known) said.try_emplace(each.hash, std::move(each));
  }
  return {};
}

Result<std::vector<Snapshot>> FakeCollectionStore::snapshots(const SnapshotQuery& query) {
  const Lock lock(mutex_);
  std::vector<Snapshot> page;
  const auto& all = snapshots_[query.url];
  for (auto each = all.rbegin(); each != all.rend() && page.size() < query.limit; ++each) {
    if (!query.before || each->first < *query.before) page.push_back(each->second);
  }
  return page;
}

Result<std::vector<Metadata>> FakeCollectionStore::metadata(const MetadataQuery& query) {
  const Lock lock(mutex_);
  std::vector<Metadata> page;
  const auto& all = metadata_[query.subject];
  for (auto each = all.upper_bound(query.after); each != all.end() && page.size() < query.limit;
       ++each) {
    page.push_back(each->second);
  }
  return page;
}

}  // namespace waybill
