#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace waybill::sqlite {

/// A table-valued function `feed` with columns c0 … c15 that gives rows from memory to a statement:
/// one statement for a thousand rows costs half of a thousand statements (docs/adr/0009). Views are
/// not copied: they must live until the statement is done.
class Feed {
 public:
  static constexpr int kColumns = 16;

  /// Registers the function; the feed must outlive the connection's statements.
  int attach(sqlite3* connection);

  void clear() { cells_.clear(); }
  std::size_t rows() const { return cells_.size() / kColumns; }

  /// Begins a row; its columns are filled from c0 on, the rest are NULL.
  class Row {
   public:
    Row& integer(std::int64_t value);
    Row& text(std::string_view value);
    Row& blob(std::string_view value);
    Row& null();

   private:
    friend class Feed;
    Row(Feed& feed, std::size_t at) : feed_(feed), at_(at) {}
    Feed& feed_;
    std::size_t at_;
  };
  Row add();

 private:
  struct Cell {
    enum class Kind : std::uint8_t { null, integer, text, blob };
    const char* data = nullptr;
    std::int64_t number = 0;  // the value, or the size
    Kind kind = Kind::null;
  };
  struct Module;

  void give(sqlite3_context* context, std::size_t row, int column) const;

  std::vector<Cell> cells_;  // kColumns for each row
};

}  // namespace waybill::sqlite
