#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "ports/clock.h"

namespace waybill {

/// A database of SQLite that others made, in a file: read with suspicion, and never written. What
/// it defines besides tables (views, virtual tables, triggers) is not run. Not thread-safe.
class ForeignDatabase {
 public:
  /// `failed_precondition` for what is none, or is damaged. What follows ends with the deadline:
  /// `deadline_exceeded`, `cancelled`. The clock outlives it.
  static Result<ForeignDatabase> open(const std::string& path, Clock& clock, Deadline deadline);
  ForeignDatabase(ForeignDatabase&&) noexcept;
  ForeignDatabase& operator=(ForeignDatabase&&) noexcept;
  ~ForeignDatabase();

  /// The names of its tables, in order; of at most a thousand.
  Result<std::vector<std::string>> tables();
  /// Of such a table; 0 if there is none.
  Result<std::int64_t> count(const std::string& table);

  struct Row {
    std::int64_t id = 0;
    std::vector<std::string> texts;  ///< of the columns; empty for one that is not there, or null
  };
  /// Some rows by id, those after it. A text has at most 64 KiB: the rest is cut off. None if there
  /// is no such table.
  Result<std::vector<Row>> rows(const std::string& table, const std::vector<std::string>& columns,
                                std::int64_t after, std::size_t limit);
  /// The value of one column, piece by piece; false: it is null, a number, or not there.
  Result<bool> content(const std::string& table, const std::string& column, std::int64_t id,
                       const std::function<Status(std::string_view)>& sink);

 private:
  struct Handle;
  explicit ForeignDatabase(std::unique_ptr<Handle> handle);
  Result<std::vector<std::string>> columns_of(const std::string& table);

  std::unique_ptr<Handle> handle_;
};

}  // namespace waybill
