#include "adapters/sqlite/feed.h"

#include <memory>

namespace waybill::sqlite {

/// The callbacks of SQLite's virtual table interface (sqlite.org/vtab.html).
struct Feed::Module {
  struct Table {
    sqlite3_vtab base{};
    const Feed* feed = nullptr;
  };
  struct Cursor {
    sqlite3_vtab_cursor base{};
    std::size_t row = 0;
  };

  static const Feed& feed_of(sqlite3_vtab_cursor* cursor) {
    return *reinterpret_cast<Table*>(cursor->pVtab)->feed;
  }
  static std::size_t& row_of(sqlite3_vtab_cursor* cursor) {
    return reinterpret_cast<Cursor*>(cursor)->row;
  }

  static int connect(sqlite3* connection, void* feed, int, const char* const*, sqlite3_vtab** table,
                     char**) {
    auto made = std::make_unique<Table>();
    made->feed = static_cast<const Feed*>(feed);
    *table = &made.release()->base;
    return sqlite3_declare_vtab(
        connection,
        "CREATE TABLE feed (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15)");
  }
  static int disconnect(sqlite3_vtab* table) {
    const std::unique_ptr<Table> owned(reinterpret_cast<Table*>(table));
    return SQLITE_OK;
  }
  static int best_index(sqlite3_vtab*, sqlite3_index_info* info) {
    info->estimatedCost = 1;
    info->estimatedRows = 100;
    return SQLITE_OK;
  }
  static int open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
    *cursor = &std::make_unique<Cursor>().release()->base;
    return SQLITE_OK;
  }
  static int close(sqlite3_vtab_cursor* cursor) {
    const std::unique_ptr<Cursor> owned(reinterpret_cast<Cursor*>(cursor));
    return SQLITE_OK;
  }
  static int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
    row_of(cursor) = 0;
    return SQLITE_OK;
  }
  static int next(sqlite3_vtab_cursor* cursor) {
    ++row_of(cursor);
    return SQLITE_OK;
  }
  static int at_end(sqlite3_vtab_cursor* cursor) {
    return row_of(cursor) >= feed_of(cursor).rows() ? 1 : 0;
  }
  static int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
    feed_of(cursor).give(context, row_of(cursor), column);
    return SQLITE_OK;
  }
  static int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
    *id = static_cast<sqlite3_int64>(row_of(cursor));
    return SQLITE_OK;
  }
};

int Feed::attach(sqlite3* connection) {
  static const sqlite3_module kModule = [] {
    sqlite3_module module{};
    module.xConnect = &Module::connect;  // no xCreate: the table is there without being created
    module.xBestIndex = &Module::best_index;
    module.xDisconnect = &Module::disconnect;
    module.xOpen = &Module::open;
    module.xClose = &Module::close;
    module.xFilter = &Module::filter;
    module.xNext = &Module::next;
    module.xEof = &Module::at_end;
    module.xColumn = &Module::column;
    module.xRowid = &Module::row_id;
    return module;
  }();
  return sqlite3_create_module(connection, "feed", &kModule, this);
}

Feed::Row Feed::add() {
  const std::size_t at = cells_.size();
  cells_.resize(at + kColumns);
  return Row(*this, at);
}

Feed::Row& Feed::Row::integer(std::int64_t value) {
  feed_.cells_[at_++] = {.number = value, .kind = Cell::Kind::integer};
  return *this;
}

Feed::Row& Feed::Row::text(std::string_view value) {
  feed_.cells_[at_++] = {.data = value.data() == nullptr ? "" : value.data(),
                         .number = static_cast<std::int64_t>(value.size()),
                         .kind = Cell::Kind::text};
  return *this;
}

Feed::Row& Feed::Row::blob(std::string_view value) {
  text(value);
  feed_.cells_[at_ - 1].kind = Cell::Kind::blob;
  return *this;
}

Feed::Row& Feed::Row::null() {
  ++at_;
  return *this;
}

void Feed::give(sqlite3_context* context, std::size_t row, int column) const {
  const Cell& cell = cells_[row * kColumns + static_cast<std::size_t>(column)];
  switch (cell.kind) {
    case Cell::Kind::null:
      return;
    case Cell::Kind::integer:
      return sqlite3_result_int64(context, cell.number);
    case Cell::Kind::text:
      return sqlite3_result_text64(context, cell.data, static_cast<sqlite3_uint64>(cell.number),
                                   SQLITE_STATIC, SQLITE_UTF8);
    case Cell::Kind::blob:
      return sqlite3_result_blob64(context, cell.data, static_cast<sqlite3_uint64>(cell.number),
                                   SQLITE_STATIC);
  }
}

}  // namespace waybill::sqlite
