#include "adapters/postgres/check.h"

#include <array>
#include <unordered_map>

#include "adapters/postgres/admin.h"
#include "adapters/postgres/load.h"
#include "adapters/postgres/tally.h"
#include "core/history.h"
#include "core/priority.h"
#include "core/task_record.h"
#include "ports/task_violations.h"

namespace waybill::postgres {
namespace {

/// A statement that gives a row for each violation; column 0 is what is concerned, as text.
struct Search {
  Sql statement;
  const char* invariant;
  const char* message;
};

constexpr Search kSearches[] = {
    {Sql::check_schema, "storage", "this index is missing or not valid; REINDEX or restore it"},
    {Sql::check_ids, "I1", "it is not in exactly one place under its id"},
    {Sql::check_forever_keys, "I4", "its key is held for ever by another task"},
    {Sql::check_unheld_keys, "I4", "its key is to be held for ever and is not"},
    {Sql::check_missed_success, "I7", "it still waits for a task that has succeeded"},
    {Sql::check_wait_counts, "I7", "it counts another number of tasks than it waits for"},
    {Sql::check_orphans, "row", "there are rows that belong to no task"},
};

class LedgerCheck {
 public:
  explicit LedgerCheck(Connection& connection) : connection_(connection) {}

  Result<CheckReport> run() {
    using Step = Status (LedgerCheck::*)();
    for (const Step step :
         {&LedgerCheck::read_lanes, &LedgerCheck::check_tasks, &LedgerCheck::check_counts,
          &LedgerCheck::search_all, &LedgerCheck::check_events}) {
      if (Status done = (this->*step)(); !done) return fail(done.error());
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

  Status read_lanes() {
    const auto rows = connection_.run(Sql::lane_counts, {}, {});
    if (!rows) return fail(rows.error());
    auto lanes = counts_of(*rows);
    if (!lanes) return fail(lanes.error());
    kept_ = std::move(*lanes);
    for (const LaneCounts& lane : kept_) {
      names_.add({.lane = lane.lane, .queue = lane.queue, .kind = lane.kind});
    }
    return {};
  }

  Status check_tasks() {
    return for_chunks(connection_, Sql::check_rows, [this](const Rows& rows) -> Status {
      for (int row = 0; row < rows.size(); ++row) check_row(rows, row);
      return {};
    });
  }

  void check_row(const Rows& rows, int row) {
    ++report_.tasks_checked;
    const LoadedTask loaded = read_row(rows, row, names_);
    const Task& task = loaded.task;
    const std::string id = to_string(task.id());
    ++counted_[loaded.lane][static_cast<std::size_t>(task.status.state)];
    const auto history = read_history(rows.text(row, 20));
    if (!loaded.whole || !history) {
      return found("row", id,
                   loaded.whole ? history.error().message : loaded.whole.error().message);
    }
    if (task.status.state == State::ready &&
        rows.integer(row, 21) != rank(task.request.priority, task.status.run_at)) {
      found("row", id, "its rank does not follow from its priority and since when it waits");
    }
    for (Violation& violation : task_violations(task, *history)) found(std::move(violation));
  }

  Status check_counts() {
    for (const LaneCounts& lane : kept_) {
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
      const auto rows = connection_.run(search.statement, {}, {});
      if (!rows) return fail(rows.error());
      for (int row = 0; row < rows->size(); ++row) {
        found(search.invariant, std::string(rows->text(row, 0)), search.message);
      }
    }
    return {};
  }

  Status check_events() {
    return for_chunks(connection_, Sql::check_events, [this](const Rows& rows) -> Status {
      for (int row = 0; row < rows.size(); ++row) check_event(rows, row);
      return {};
    });
  }

  void check_event(const Rows& rows, int row) {
    const std::string subject = "commit " + std::to_string(rows.integer(row, 0));
    const std::int64_t count = rows.integer(row, 2);
    if (commit_ != 0 &&
        (rows.integer(row, 0) != commit_ + 1 || rows.integer(row, 1) != until_ + count)) {
      found("row", subject, "events before it are missing");
    }
    commit_ = rows.integer(row, 0);
    until_ = rows.integer(row, 1);
    const auto events = read_events(rows.text(row, 3));
    if (!events || static_cast<std::int64_t>(events->size()) != count) {
      found("row", subject, "its events cannot be read");
    }
  }

  Connection& connection_;
  CheckReport report_;
  std::vector<LaneCounts> kept_;
  LaneNames names_;
  std::unordered_map<std::int64_t, std::array<std::int64_t, kStateCount>> counted_;  // by lane
  std::int64_t commit_ = 0;
  std::int64_t until_ = 0;
};

}  // namespace

Result<CheckReport> check_ledger(Connection& connection) { return LedgerCheck(connection).run(); }

}  // namespace waybill::postgres
