#include "adapters/sqlite/check.h"

#include <array>
#include <map>
#include <unordered_map>

#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/load.h"
#include "adapters/sqlite/migrate.h"
#include "core/history.h"
#include "core/priority.h"
#include "core/task_record.h"
#include "ports/task_violations.h"

namespace waybill::sqlite {
namespace {

/// A statement that gives a row for each violation; column 0 is what is concerned: an id, or text.
struct Search {
  Sql statement;
  const char* invariant;
  const char* message;
};

constexpr Search kSearches[] = {
    {Sql::check_ids, "I1", "several tasks have this id"},
    {Sql::check_requests, "I1", "what was asked for is missing"},
    {Sql::check_live_keys, "I4", "several tasks that may not share this key have it"},
    {Sql::check_spent_keys, "I4", "its key was spent for ever by a task that was removed"},
    {Sql::check_missed_success, "I7", "it still waits for a task that has succeeded"},
    {Sql::check_wait_counts, "I7", "it counts another number of tasks than it waits for"},
    {Sql::check_orphans, "row", "there are rows that belong to no task"},
};

class LedgerCheck {
 public:
  LedgerCheck(Database& database, Clock& clock) : database_(database), clock_(clock) {}

  Result<CheckReport> run() {
    using Step = Status (LedgerCheck::*)();
    for (const Step step :
         {&LedgerCheck::check_storage, &LedgerCheck::check_schema, &LedgerCheck::check_tasks,
          &LedgerCheck::check_counts, &LedgerCheck::search_all, &LedgerCheck::check_events}) {
      const Status done = (this->*step)();
      if (done) continue;
      // A damaged page ends one step; what the others find still helps.
      if (done.error().code != Code::data_loss) return fail(done.error());
      found("storage", database_.path(), done.error().message);
    }
    return std::move(report_);
  }

 private:
  void found(std::string_view invariant, std::string subject, std::string message) {
    found({.invariant = std::string(invariant),
           .subject = std::move(subject),
           .message = std::move(message)});
  }
  void found(Violation violation) {
    ++report_.violations_found;
    if (report_.violations.size() < kViolationsMax) {
      report_.violations.push_back(std::move(violation));
    }
  }

  /// Calls `each` with every row of a statement without parameters.
  template <class Each>
  Status for_rows(Database& database, Sql name, Each each) {
    const auto query = database.statement(name);
    if (!query) return fail(query.error());
    const ResetAtExit reset(**query);
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return fail(row.error());
      if (!*row) return {};
      each(**query);
    }
  }

  Status check_storage() {
    return for_rows(database_, Sql::integrity, [&](Statement& row) {
      if (row.text(0) != "ok") found("storage", database_.path(), std::string(row.text(0)));
    });
  }

  /// Tables and indexes carry some invariants: they must be those of a new ledger.
  Status check_schema() {
    const auto fresh = Database::open({.path = ":memory:", .mode = OpenMode::create}, clock_);
    if (!fresh) return fail(fresh.error());
    if (const auto made = migrate(**fresh); !made) return fail(made.error());
    using Schema = std::map<std::string, std::string>;
    Schema wanted;
    Schema is;
    const auto into = [](Schema& schema) {
      return [&schema](Statement& row) { schema.emplace(row.text(0), row.text(1)); };
    };
    if (Status read = for_rows(**fresh, Sql::schema_texts, into(wanted)); !read) return read;
    if (Status read = for_rows(database_, Sql::schema_texts, into(is)); !read) return read;
    for (const auto& [name, text] : wanted) {
      const auto there = is.find(name);
      if (there == is.end()) {
        found("storage", name, "this table or index is missing");
      } else if (there->second != text) {
        found("storage", name, "this table or index is not as Waybill defines it");
      }
    }
    return {};
  }

  Status check_tasks() {
    return for_rows(database_, Sql::check_tasks, [&](Statement& row) {
      ++report_.tasks_checked;
      const std::string id = to_string(to_uuid(row.blob(1)));
      const auto loaded = read_task(row);
      const auto history = read_history(row.blob(20));
      if (!loaded || !history) {
        return found("row", id, loaded ? history.error().message : loaded.error().message);
      }
      const Task& task = loaded->task;
      if (task.status.state == State::ready &&
          row.integer(21) != rank(task.request.priority, task.status.run_at)) {
        found("row", id, "its rank does not follow from its priority and since when it waits");
      }
      ++counted_[loaded->lane][static_cast<std::size_t>(task.status.state)];
      for (Violation& violation : task_violations(task, *history)) found(std::move(violation));
    });
  }

  Status check_counts() {
    const auto lanes = read_lanes(database_);
    if (!lanes) return fail(lanes.error());
    for (const Lane& lane : *lanes) {
      if (lane.counts != counted_[lane.lane]) {
        found("counts", lane.queue + "/" + lane.kind,
              "the numbers of tasks in each state are not those that are kept");
      }
      counted_.erase(lane.lane);
    }
    for (const auto& [lane, counts] : counted_) {
      found("counts", "lane " + std::to_string(lane), "tasks are in a lane that is not there");
    }
    return {};
  }

  Status search_all() {
    for (const Search& search : kSearches) {
      const Status done = for_rows(database_, search.statement, [&](Statement& row) {
        // Asked first: reading a blob as text converts it.
        const bool is_id = row.is_blob(0);
        found(search.invariant, is_id ? to_string(to_uuid(row.blob(0))) : std::string(row.text(0)),
              search.message);
      });
      if (!done) return done;
    }
    return {};
  }

  Status check_events() {
    std::int64_t commit = 0;
    std::int64_t until = 0;
    return for_rows(database_, Sql::check_events, [&](Statement& row) {
      const std::string subject = "commit " + std::to_string(row.integer(0));
      const std::int64_t count = row.integer(2);
      if (commit != 0 && (row.integer(0) != commit + 1 || row.integer(1) != until + count)) {
        found("row", subject, "events before it are missing");
      }
      commit = row.integer(0);
      until = row.integer(1);
      const auto events = read_events(row.blob(3));
      if (!events || static_cast<std::int64_t>(events->size()) != count) {
        found("row", subject, "its events cannot be read");
      }
    });
  }

  Database& database_;
  Clock& clock_;
  CheckReport report_;
  std::unordered_map<std::int64_t, std::array<std::int64_t, kStateCount>> counted_;  // by lane
};

}  // namespace

Result<CheckReport> check_ledger(Database& database, Clock& clock) {
  const Rollback end(database);
  if (Status begun = database.execute("BEGIN"); !begun) return fail(begun.error());
  return LedgerCheck(database, clock).run();
}

}  // namespace waybill::sqlite
