#include "bench/history_fill.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "core/history.h"
#include "core/task_record.h"

namespace waybill::bench {
namespace {

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};

constexpr std::size_t kStep = 100'000;

std::string as_literal(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = "X'";
  for (const char c : bytes) {
    text += kHex[static_cast<unsigned char>(c) >> 4];
    text += kHex[static_cast<unsigned char>(c) & 15];
  }
  return text + "'";
}

Time after(Time begin, std::int64_t millis) { return begin + std::chrono::milliseconds(millis); }

/// Of a task that one worker claimed and finished; the times are the same in all of them.
std::string detail_literal(Time begin) {
  TaskStatus status{.attempt = 1, .worker = "bench-host-4711", .started_at = after(begin, 499)};
  status.result = R"({"ok":true})";
  return as_literal(encode_detail(status));
}

std::string history_literal(Time begin) {
  std::string bytes;
  append_history(bytes,
                 {.at = after(begin, 0), .happening = Happening::created, .state = State::ready});
  append_history(bytes, {.at = after(begin, 499),
                         .happening = Happening::claimed,
                         .state = State::leased,
                         .fence = 1,
                         .attempt = 1,
                         .worker = "bench-host-4711"});
  append_history(bytes, {.at = after(begin, 500),
                         .happening = Happening::succeeded,
                         .state = State::succeeded,
                         .fence = 1,
                         .attempt = 1});
  return as_literal(bytes);
}

/// Ids grow with time, as version 7 does.
std::string fill_sql(std::size_t first, std::size_t last, Time begin) {
  const std::string created_at = std::to_string(to_micros(begin));
  const std::string range = "WITH RECURSIVE n (i) AS (SELECT " + std::to_string(first) +
                            " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(last) +
                            ") ";
  return "BEGIN IMMEDIATE;" + range +
         "INSERT INTO tasks (handle, id, lane, priority, state, revision, fence, waiting_for,"
         " run_at, finished_at, dedup_scope, detail, history) "
         "SELECT i, unhex_id(i), 1, 0, 4, 2, 1, 0, " +
         created_at + " + i, " + created_at +
         " + 500000 + i, 0,"
         " " +
         detail_literal(begin) + ", " + history_literal(begin) + " FROM n;" + range +
         "INSERT INTO requests (handle, created_at, definition, created_by, spec, params) "
         "SELECT i, " +
         created_at +
         " + i, 'noop', 'bench', '{}', params_of(i) FROM n;"
         "COMMIT;";
}

void unhex_id(sqlite3_context* context, int, sqlite3_value** values) {
  const auto number = static_cast<std::uint64_t>(sqlite3_value_int64(values[0]));
  unsigned char id[16] = {1};  // before every id of today
  for (int i = 0; i < 8; ++i) id[1 + i] = static_cast<unsigned char>(number >> (56 - 8 * i));
  sqlite3_result_blob(context, id, sizeof id, SQLITE_TRANSIENT);
}

void params_of(sqlite3_context* context, int, sqlite3_value** values) {
  const std::string params = R"({"url":"https://example.org/)" + std::string(260, 'x') +
                             R"(","n":)" + std::to_string(sqlite3_value_int64(values[0])) + "}";
  sqlite3_result_text(context, params.data(), static_cast<int>(params.size()), SQLITE_TRANSIENT);
}

}  // namespace

Status fill_history(const std::string& path, std::size_t count, Time begin) {
  sqlite3* raw = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, Close> connection(raw);
  const auto run = [&](const std::string& sql) {
    if (code == SQLITE_OK) code = sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr);
  };
  sqlite3_create_function(raw, "unhex_id", 1, SQLITE_UTF8, nullptr, unhex_id, nullptr, nullptr);
  sqlite3_create_function(raw, "params_of", 1, SQLITE_UTF8, nullptr, params_of, nullptr, nullptr);
  run("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
      "INSERT INTO lanes (lane, queue, kind, succeeded) VALUES (1, 'default', 'noop', " +
      std::to_string(count) + ")");
  for (std::size_t done = 0; done < count; done += kStep) {
    run(fill_sql(done + 1, std::min(done + kStep, count), begin));
  }
  run("PRAGMA wal_checkpoint(TRUNCATE)");
  if (code == SQLITE_OK) return {};
  return fail(Code::unavailable, "filling " + path + ": " + sqlite3_errmsg(raw));
}

}  // namespace waybill::bench
