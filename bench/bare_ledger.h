#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/task.h"

namespace waybill::bench {

/// The floor: the same rows in one table with bare sqlite3 prepared statements, on disk like ours
/// (WAL, synchronous=FULL). It has what any queue needs, a unique id and two partial indexes, and
/// nothing else: no history, no fences, no counts, no events, no other processes. Aborts on errors.
class BareLedger {
 public:
  explicit BareLedger(const std::string& path);

  /// One transaction each.
  void insert(std::span<const TaskRequest> requests);
  std::vector<std::int64_t> claim(std::size_t limit);
  void complete(std::span<const std::int64_t> handles);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  Statement prepare(const char* sql);
  void run(const Statement& statement);
  void must(bool succeeded);

  std::unique_ptr<sqlite3, Close> connection_;
  Statement begin_, commit_, insert_, choose_, claim_, complete_;
  std::int64_t now_ = 1'800'000'000'000'000;
};

}  // namespace waybill::bench
