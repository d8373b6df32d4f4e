#include "adapters/postgres/collection_store.h"

#include <cstdint>

#include "adapters/postgres/store_lock.h"

namespace waybill::postgres {
namespace {

Collection collection_of(const Rows& rows, int row) {
  return {.id = rows.uuid(row, 0),
          .url = std::string(rows.text(row, 1)),
          .title = std::string(rows.text(row, 2)),
          .description = std::string(rows.text(row, 3)),
          .creator = std::string(rows.text(row, 4)),
          .index_cid = std::string(rows.text(row, 5)),
          .indexed_at = from_micros(rows.integer(row, 6)),
          .created_at = from_micros(rows.integer(row, 7)),
          .changed_at = from_micros(rows.integer(row, 8))};
}

CollectionItem item_of(const Rows& rows, int row) {
  return {.position = rows.integer(row, 0),
          .url = std::string(rows.text(row, 1)),
          .title = std::string(rows.text(row, 2)),
          .description = std::string(rows.text(row, 3)),
          .fetch = {.tried_at = from_micros(rows.integer(row, 4)),
                    .fetched_at = from_micros(rows.integer(row, 5)),
                    .failure = static_cast<FetchFailure>(rows.integer(row, 6)),
                    .status = static_cast<int>(rows.integer(row, 7)),
                    .size_bytes = rows.integer(row, 8),
                    .media_type = std::string(rows.text(row, 9)),
                    .sha256 = std::string(rows.text(row, 10)),
                    .cid = std::string(rows.text(row, 11)),
                    .header_cid = std::string(rows.text(row, 12)),
                    .error = std::string(rows.text(row, 13))}};
}

Snapshot snapshot_of(const Rows& rows, int row) {
  const Time at = from_micros(rows.integer(row, 1));
  return {.url = std::string(rows.text(row, 0)),
          .fetch = {.tried_at = at,
                    .fetched_at = at,
                    .status = static_cast<int>(rows.integer(row, 3)),
                    .size_bytes = rows.integer(row, 4),
                    .media_type = std::string(rows.text(row, 5)),
                    .sha256 = std::string(rows.text(row, 6)),
                    .cid = std::string(rows.text(row, 7)),
                    .header_cid = std::string(rows.text(row, 8))},
          .took_ms = rows.integer(row, 2)};
}

Metadata metadata_row(const Rows& rows, int row) {
  return {.subject = std::string(rows.text(row, 0)),
          .hash = std::string(rows.text(row, 1)),
          .at = from_micros(rows.integer(row, 2)),
          .meta = std::string(rows.text(row, 3))};
}

template <class Row>
Result<std::vector<Row>> each_of(const Result<Rows>& rows, Row (*read)(const Rows&, int)) {
  if (!rows) return fail(rows.error());
  std::vector<Row> all;
  for (int row = 0; row < rows->size(); ++row) all.push_back(read(*rows, row));
  return all;
}

/// The one that a put is about; nil: there is none.
Result<Uuid> known_as(Connection& connection, const Collection& collection) {
  const auto same = connection.run(Sql::collection, Params().uuid(collection.id), {});
  if (!same) return fail(same.error());
  if (!same->empty()) return collection.id;
  const auto of_url = connection.run(Sql::collection_of_url, Params().text(collection.url), {});
  if (!of_url) return fail(of_url.error());
  return of_url->empty() ? Uuid{} : of_url->uuid(0, 0);
}

Status note_item(Connection& connection, const FetchNote& note) {
  const UrlFetch& fetch = note.fetch;
  const bool failed = fetch.failure != FetchFailure::none;
  Params params;
  params.uuid(note.collection).text(note.url).integer(to_micros(fetch.tried_at));
  if (failed) {
    params.integer(static_cast<std::int64_t>(fetch.failure)).integer(fetch.status);
    params.text(fetch.error);
  } else {
    params.integer(to_micros(fetch.fetched_at)).integer(fetch.status).integer(fetch.size_bytes);
    params.text(fetch.media_type).text(fetch.sha256).text(fetch.cid).text(fetch.header_cid);
  }
  const auto done =
      connection.run(failed ? Sql::note_failed_item : Sql::note_fetched_item, params, {});
  if (!done) return fail(done.error());
  return done->affected() > 0 ? Status() : Status(no_item(note));
}

Status note_snapshot(Connection& connection, const FetchNote& note) {
  const UrlFetch& fetch = note.fetch;
  Params params;
  params.text(note.url).integer(to_micros(fetch.fetched_at)).integer(note.took_ms);
  params.integer(fetch.status).integer(fetch.size_bytes).text(fetch.media_type);
  params.text(fetch.sha256).text(fetch.cid).text(fetch.header_cid);
  const auto done = connection.run(Sql::add_snapshot, params, {});
  return done ? Status() : Status(fail(done.error()));
}

Status note_metadata(Connection& connection, const Metadata& metadata) {
  Params params;
  params.text(metadata.subject).text(metadata.hash).integer(to_micros(metadata.at));
  params.text(metadata.meta).bytes(metadata_digest(metadata.meta));
  const auto done = connection.run(Sql::add_metadata, params, {});
  return done ? Status() : Status(fail(done.error()));
}

}  // namespace

Result<CollectionPut> PostgresCollectionPort::put(const Collection& collection) {
  if (Status fits = check_collection(collection); !fits) return fail(fits.error());
  CollectionPut put;
  const Status written = database_.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::collections); !locked) return locked;
    const auto known = known_as(connection, collection);
    if (!known) return fail(known.error());
    const bool is_new = known->is_nil();
    put.done = is_new ? CollectionPutDone::made : CollectionPutDone::changed;
    const Uuid id = is_new ? collection.id : *known;
    Params params;
    params.uuid(id);
    if (is_new) params.text(collection.url);
    params.text(collection.title).text(collection.description).text(collection.creator);
    params.integer(to_micros(collection.created_at));
    const auto done =
        connection.run(is_new ? Sql::add_collection : Sql::change_collection, params, {});
    if (!done) return fail(done.error());
    const auto kept = connection.run(Sql::collection, Params().uuid(id), {});
    if (!kept) return fail(kept.error());
    if (kept->empty()) return no_collection(id);
    put.collection = collection_of(*kept, 0);
    return {};
  });
  if (!written) return fail(written.error());
  return put;
}

Result<Collection> PostgresCollectionPort::find(const Uuid& id) {
  const auto rows = database_.read(Sql::collection, Params().uuid(id));
  if (!rows) return fail(rows.error());
  if (rows->empty()) return no_collection(id);
  return collection_of(*rows, 0);
}

Result<Collection> PostgresCollectionPort::change(const CollectionChange& change) {
  Collection after;
  const Status written = database_.transaction([&](Connection& connection) -> Status {
    const auto locked = connection.run(Sql::lock_collection, Params().uuid(change.id), {});
    if (!locked) return fail(locked.error());
    const auto kept = connection.run(Sql::collection, Params().uuid(change.id), {});
    if (!kept) return fail(kept.error());
    if (kept->empty()) return no_collection(change.id);
    auto changed = changed_collection(collection_of(*kept, 0), change);
    if (!changed) return fail(changed.error());
    after = std::move(*changed);
    Params params;
    params.uuid(change.id).text(after.title).text(after.description).text(after.creator);
    params.integer(to_micros(after.changed_at));
    const auto done = connection.run(Sql::describe_collection, params, {});
    return done ? Status() : Status(fail(done.error()));
  });
  if (!written) return fail(written.error());
  return after;
}

Result<std::vector<Collection>> PostgresCollectionPort::page(const CollectionQuery& query) {
  return each_of(
      database_.read(Sql::collections,
                     Params().uuid(query.after).integer(static_cast<std::int64_t>(query.limit))),
      collection_of);
}

Status PostgresCollectionPort::remove(const Uuid& id) {
  return database_.transaction([&](Connection& connection) -> Status {
    // Its row first, as who adds items locks that.
    const auto removed = connection.run(Sql::remove_collection, Params().uuid(id), {});
    if (!removed) return fail(removed.error());
    if (removed->affected() == 0) return no_collection(id);
    const auto rest = connection.run(Sql::remove_collection_items, Params().uuid(id), {});
    return rest ? Status() : Status(fail(rest.error()));
  });
}

Status PostgresCollectionPort::set_index(const Uuid& id, const std::string& cid, Time at) {
  const auto set = database_.write(Sql::set_collection_index,
                                   Params().uuid(id).text(cid).integer(to_micros(at)));
  if (!set) return fail(set.error());
  return set->affected() > 0 ? Status() : Status(no_collection(id));
}

Result<std::size_t> PostgresCollectionPort::add_items(const Uuid& id,
                                                      std::span<const CollectionItem> items) {
  const auto distinct = distinct_items(items);
  if (!distinct) return fail(distinct.error());
  std::vector<std::string> urls;
  std::vector<std::string> titles;
  std::vector<std::string> descriptions;
  for (const CollectionItem& item : *distinct) {
    urls.push_back(item.url);
    titles.push_back(item.title);
    descriptions.push_back(item.description);
  }
  Params params;
  params.uuid(id).texts(urls).texts(titles).texts(descriptions);
  std::size_t added = 0;
  const Status written = database_.transaction([&](Connection& connection) -> Status {
    const auto locked = connection.run(Sql::lock_collection, Params().uuid(id), {});
    if (!locked) return fail(locked.error());
    if (locked->empty()) return no_collection(id);
    const auto changed = connection.run(Sql::change_collection_items, params, {});
    if (!changed) return fail(changed.error());
    const auto done = connection.run(Sql::add_collection_items, params, {});
    if (!done) return fail(done.error());
    added = static_cast<std::size_t>(done->affected());
    return {};
  });
  if (!written) return fail(written.error());
  return added;
}

Result<std::size_t> PostgresCollectionPort::remove_items(const Uuid& id,
                                                         std::span<const std::string> urls) {
  const std::vector<std::string> all(urls.begin(), urls.end());
  std::size_t removed = 0;
  const Status written = database_.transaction([&](Connection& connection) -> Status {
    const auto locked = connection.run(Sql::lock_collection, Params().uuid(id), {});
    if (!locked) return fail(locked.error());
    if (locked->empty()) return no_collection(id);
    const auto done =
        connection.run(Sql::remove_some_collection_items, Params().uuid(id).texts(all), {});
    if (!done) return fail(done.error());
    removed = static_cast<std::size_t>(done->affected());
    return {};
  });
  if (!written) return fail(written.error());
  return removed;
}

Result<std::vector<CollectionItem>> PostgresCollectionPort::items(
    const CollectionItemQuery& query) {
  Params params;
  params.uuid(query.collection).integer(query.after);
  params.integer(static_cast<std::int64_t>(query.limit));
  return each_of(database_.read(Sql::collection_items, params), item_of);
}

Status PostgresCollectionPort::note(const FetchNote& note) {
  const auto metadata = metadata_of(note);
  if (!metadata) return fail(metadata.error());
  return database_.transaction([&](Connection& connection) -> Status {
    if (Status done = note_item(connection, note); !done) return done;
    if (note.fetch.failure != FetchFailure::none) return {};
    if (note.is_new) {
      if (Status done = note_snapshot(connection, note); !done) return done;
    }
    for (const Metadata& each : *metadata) {
      if (Status done = note_metadata(connection, each); !done) return done;
    }
    return {};
  });
}

Result<std::vector<Snapshot>> PostgresCollectionPort::snapshots(const SnapshotQuery& query) {
  Params params;
  params.text(query.url).integer(query.before ? to_micros(*query.before) : INT64_MAX);
  params.integer(static_cast<std::int64_t>(query.limit));
  return each_of(database_.read(Sql::snapshots, params), snapshot_of);
}

Result<std::vector<Metadata>> PostgresCollectionPort::metadata(const MetadataQuery& query) {
  Params params;
  params.text(query.subject).text(query.after).integer(static_cast<std::int64_t>(query.limit));
  return each_of(database_.read(Sql::metadata_of_content, params), metadata_row);
}

}  // namespace waybill::postgres
