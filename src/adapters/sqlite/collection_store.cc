#include "adapters/sqlite/collection_store.h"

#include <optional>

namespace waybill::sqlite {
namespace {

Collection collection_of(Statement& row) {
  return {.id = to_uuid(row.blob(0)),
          .url = std::string(row.text(1)),
          .title = std::string(row.text(2)),
          .description = std::string(row.text(3)),
          .creator = std::string(row.text(4)),
          .index_cid = std::string(row.text(5)),
          .indexed_at = from_micros(row.integer(6)),
          .created_at = from_micros(row.integer(7)),
          .changed_at = from_micros(row.integer(8))};
}

CollectionItem item_of(Statement& row) {
  return {.position = row.integer(0),
          .url = std::string(row.text(1)),
          .title = std::string(row.text(2)),
          .description = std::string(row.text(3)),
          .fetch = {.tried_at = from_micros(row.integer(4)),
                    .fetched_at = from_micros(row.integer(5)),
                    .failure = static_cast<FetchFailure>(row.integer(6)),
                    .status = static_cast<int>(row.integer(7)),
                    .size_bytes = row.integer(8),
                    .media_type = std::string(row.text(9)),
                    .sha256 = std::string(row.text(10)),
                    .cid = std::string(row.text(11)),
                    .header_cid = std::string(row.text(12)),
                    .error = std::string(row.text(13))}};
}

Snapshot snapshot_of(Statement& row) {
  const Time at = from_micros(row.integer(1));
  return {.url = std::string(row.text(0)),
          .fetch = {.tried_at = at,
                    .fetched_at = at,
                    .status = static_cast<int>(row.integer(3)),
                    .size_bytes = row.integer(4),
                    .media_type = std::string(row.text(5)),
                    .sha256 = std::string(row.text(6)),
                    .cid = std::string(row.text(7)),
                    .header_cid = std::string(row.text(8))},
          .took_ms = row.integer(2)};
}

Metadata metadata_row(Statement& row) {
  return {.subject = std::string(row.text(0)),
          .hash = std::string(row.text(1)),
          .at = from_micros(row.integer(2)),
          .meta = std::string(row.text(3))};
}

/// All rows of a statement whose parameters `bind` sets.
template <class Row, class Bind>
Result<std::vector<Row>> rows_by(Database& database, Sql sql, Bind bind, Row (*read)(Statement&)) {
  const auto query = database.statement(sql);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  bind(**query);
  std::vector<Row> rows;
  for (;;) {
    const auto more = (*query)->step();
    if (!more) return fail(more.error());
    if (!*more) return rows;
    rows.push_back(read(**query));
  }
}

/// By its id.
Result<std::optional<Collection>> look_up(Database& database, const Uuid& id) {
  auto rows = rows_by<Collection>(
      database, Sql::collection, [&](Statement& query) { query.bind_blob(1, bytes_of(id)); },
      collection_of);
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::optional<Collection>();
  return std::optional<Collection>(std::move(rows->front()));
}

/// The one that a put is about.
Result<std::optional<Collection>> known_as(Database& database, const Collection& collection) {
  auto same = look_up(database, collection.id);
  if (!same || *same) return same;
  auto rows = rows_by<Collection>(
      database, Sql::collection_of_url,
      [&](Statement& query) { query.bind_text(1, collection.url); }, collection_of);
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::optional<Collection>();
  return std::optional<Collection>(std::move(rows->front()));
}

Status add_or_change_item(Database& database, const Uuid& id, const CollectionItem& item,
                          std::size_t& added) {
  const auto change = database.statement(Sql::change_collection_item);
  if (!change) return fail(change.error());
  (*change)->bind_blob(1, bytes_of(id)).bind_text(2, item.url).bind_text(3, item.title);
  if (Status done = (*change)->bind_text(4, item.description).run(); !done) return done;
  if (database.rows_changed() > 0) return {};
  const auto add = database.statement(Sql::add_collection_item);
  if (!add) return fail(add.error());
  ++added;
  (*add)->bind_blob(1, bytes_of(id)).bind_text(2, item.url).bind_text(3, item.title);
  return (*add)->bind_text(4, item.description).run();
}

Status note_item(Database& database, const FetchNote& note) {
  const UrlFetch& fetch = note.fetch;
  const bool failed = fetch.failure != FetchFailure::none;
  const auto query = database.statement(failed ? Sql::note_failed_item : Sql::note_fetched_item);
  if (!query) return fail(query.error());
  Statement& write = **query;
  write.bind_blob(1, bytes_of(note.collection)).bind_text(2, note.url);
  write.bind(3, to_micros(fetch.tried_at));
  if (failed) {
    write.bind(4, static_cast<std::int64_t>(fetch.failure)).bind(5, fetch.status);
    write.bind_text(6, fetch.error);
  } else {
    write.bind(4, to_micros(fetch.fetched_at)).bind(5, fetch.status).bind(6, fetch.size_bytes);
    write.bind_text(7, fetch.media_type).bind_text(8, fetch.sha256).bind_text(9, fetch.cid);
    write.bind_text(10, fetch.header_cid);
  }
  if (Status done = write.run(); !done) return done;
  return database.rows_changed() > 0 ? Status() : Status(no_item(note));
}

Status note_snapshot(Database& database, const FetchNote& note) {
  const auto query = database.statement(Sql::add_snapshot);
  if (!query) return fail(query.error());
  const UrlFetch& fetch = note.fetch;
  Statement& write = **query;
  write.bind_text(1, note.url).bind(2, to_micros(fetch.fetched_at)).bind(3, note.took_ms);
  write.bind(4, fetch.status).bind(5, fetch.size_bytes).bind_text(6, fetch.media_type);
  write.bind_text(7, fetch.sha256).bind_text(8, fetch.cid).bind_text(9, fetch.header_cid);
  return write.run();
}

Status note_metadata(Database& database, const Metadata& metadata) {
  const auto query = database.statement(Sql::add_metadata);
  if (!query) return fail(query.error());
  const std::string digest = metadata_digest(metadata.meta);
  (*query)->bind_text(1, metadata.subject).bind_text(2, metadata.hash);
  (*query)->bind(3, to_micros(metadata.at)).bind_text(4, metadata.meta);
  return (*query)->bind_blob(5, digest).run();
}

}  // namespace

Result<CollectionPut> SqliteCollectionPort::put(const Collection& collection) {
  if (Status fits = check_collection(collection); !fits) return fail(fits.error());
  CollectionPut put;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto known = known_as(database, collection);
    if (!known) return fail(known.error());
    put.done = *known ? CollectionPutDone::changed : CollectionPutDone::made;
    const Uuid id = *known ? (*known)->id : collection.id;
    const auto query = database.statement(*known ? Sql::change_collection : Sql::add_collection);
    if (!query) return fail(query.error());
    transaction.note_write();
    Statement& write = **query;
    write.bind_blob(1, bytes_of(id));
    int next = 2;
    if (!*known) write.bind_text(next++, collection.url);
    write.bind_text(next, collection.title).bind_text(next + 1, collection.description);
    write.bind_text(next + 2, collection.creator);
    if (Status done = write.bind(next + 3, to_micros(collection.created_at)).run(); !done) {
      return done;
    }
    auto kept = look_up(database, id);
    if (!kept) return fail(kept.error());
    if (!*kept) return no_collection(id);
    put.collection = std::move(**kept);
    return {};
  });
  if (!written) return fail(written.error());
  return put;
}

Result<Collection> SqliteCollectionPort::find(const Uuid& id) {
  return readers_.read<Collection>([&](Database& database) -> Result<Collection> {
    auto found = look_up(database, id);
    if (!found) return fail(found.error());
    if (!*found) return no_collection(id);
    return std::move(**found);
  });
}

Result<Collection> SqliteCollectionPort::change(const CollectionChange& change) {
  Collection after;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto kept = look_up(database, change.id);
    if (!kept) return fail(kept.error());
    if (!*kept) return no_collection(change.id);
    auto changed = changed_collection(**kept, change);
    if (!changed) return fail(changed.error());
    after = std::move(*changed);
    const auto query = database.statement(Sql::describe_collection);
    if (!query) return fail(query.error());
    transaction.note_write();
    (*query)->bind_blob(1, bytes_of(change.id)).bind_text(2, after.title);
    (*query)->bind_text(3, after.description).bind_text(4, after.creator);
    return (*query)->bind(5, to_micros(after.changed_at)).run();
  });
  if (!written) return fail(written.error());
  return after;
}

Result<std::vector<Collection>> SqliteCollectionPort::page(const CollectionQuery& query) {
  return readers_.read<std::vector<Collection>>([&](Database& database) {
    return rows_by<Collection>(
        database, Sql::collections,
        [&](Statement& page) {
          page.bind_blob(1, bytes_of(query.after)).bind(2, static_cast<std::int64_t>(query.limit));
        },
        collection_of);
  });
}

Status SqliteCollectionPort::remove(const Uuid& id) {
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto remove = database.statement(Sql::remove_collection);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    if (Status done = (*remove)->bind_blob(1, bytes_of(id)).run(); !done) return done;
    if (database.rows_changed() == 0) return no_collection(id);
    const auto rest = database.statement(Sql::remove_collection_items);
    if (!rest) return fail(rest.error());
    return (*rest)->bind_blob(1, bytes_of(id)).run();
  });
}

Status SqliteCollectionPort::set_index(const Uuid& id, const std::string& cid, Time at) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto set = transaction.database().statement(Sql::set_collection_index);
    if (!set) return fail(set.error());
    transaction.note_write();
    (*set)->bind_blob(1, bytes_of(id)).bind_text(2, cid);
    if (Status done = (*set)->bind(3, to_micros(at)).run(); !done) return done;
    return transaction.database().rows_changed() > 0 ? Status() : Status(no_collection(id));
  });
}

Result<std::size_t> SqliteCollectionPort::add_items(const Uuid& id,
                                                    std::span<const CollectionItem> items) {
  const auto distinct = distinct_items(items);
  if (!distinct) return fail(distinct.error());
  std::size_t added = 0;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    added = 0;
    Database& database = transaction.database();
    const auto there = look_up(database, id);
    if (!there) return fail(there.error());
    if (!*there) return no_collection(id);
    transaction.note_write();
    for (const CollectionItem& item : *distinct) {
      if (Status done = add_or_change_item(database, id, item, added); !done) return done;
    }
    return {};
  });
  if (!written) return fail(written.error());
  return added;
}

Result<std::size_t> SqliteCollectionPort::remove_items(const Uuid& id,
                                                       std::span<const std::string> urls) {
  std::size_t removed = 0;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    removed = 0;
    Database& database = transaction.database();
    const auto there = look_up(database, id);
    if (!there) return fail(there.error());
    if (!*there) return no_collection(id);
    const auto remove = database.statement(Sql::remove_collection_item);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    for (const std::string& url : urls) {
      (*remove)->bind_blob(1, bytes_of(id)).bind_text(2, url);
      if (Status done = (*remove)->run(); !done) return done;
      removed += static_cast<std::size_t>(database.rows_changed());
    }
    return {};
  });
  if (!written) return fail(written.error());
  return removed;
}

Result<std::vector<CollectionItem>> SqliteCollectionPort::items(const CollectionItemQuery& query) {
  return readers_.read<std::vector<CollectionItem>>([&](Database& database) {
    return rows_by<CollectionItem>(
        database, Sql::collection_items,
        [&](Statement& page) {
          page.bind_blob(1, bytes_of(query.collection)).bind(2, query.after);
          page.bind(3, static_cast<std::int64_t>(query.limit));
        },
        item_of);
  });
}

Status SqliteCollectionPort::note(const FetchNote& note) {
  const auto metadata = metadata_of(note);
  if (!metadata) return fail(metadata.error());
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    transaction.note_write();
    if (Status done = note_item(database, note); !done) return done;
    if (note.fetch.failure != FetchFailure::none) return {};
    if (note.is_new) {
      if (Status done = note_snapshot(database, note); !done) return done;
    }
    for (const Metadata& each : *metadata) {
      if (Status done = note_metadata(database, each); !done) return done;
    }
    return {};
  });
}

Result<std::vector<Snapshot>> SqliteCollectionPort::snapshots(const SnapshotQuery& query) {
  return readers_.read<std::vector<Snapshot>>([&](Database& database) {
    return rows_by<Snapshot>(
        database, Sql::snapshots,
        [&](Statement& page) {
          page.bind_text(1, query.url).bind(2, query.before ? to_micros(*query.before) : INT64_MAX);
          page.bind(3, static_cast<std::int64_t>(query.limit));
        },
        snapshot_of);
  });
}

Result<std::vector<Metadata>> SqliteCollectionPort::metadata(const MetadataQuery& query) {
  return readers_.read<std::vector<Metadata>>([&](Database& database) {
    return rows_by<Metadata>(
        database, Sql::metadata_of_content,
        [&](Statement& page) {
          page.bind_text(1, query.subject).bind_text(2, query.after);
          page.bind(3, static_cast<std::int64_t>(query.limit));
        },
        metadata_row);
  });
}

}  // namespace waybill::sqlite
