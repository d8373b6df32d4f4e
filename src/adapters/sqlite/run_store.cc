#include "adapters/sqlite/run_store.h"

#include <utility>

#include "adapters/sqlite/insert.h"
#include "adapters/sqlite/run_rows.h"
#include "base/log.h"
#include "core/task_record.h"
#include "ports/cursor.h"

namespace waybill::sqlite {
namespace {

using pipeline::NodeChange;

const Uuid kLastId = [] {
  Uuid id;
  id.bytes.fill(0xff);
  return id;
}();

template <class Enum>
std::int64_t mask_of(const std::vector<Enum>& states) {
  if (states.empty()) return 0xff;
  std::int64_t mask = 0;
  for (const Enum state : states) mask |= std::int64_t{1} << static_cast<int>(state);
  return mask;
}

struct FoundRun {
  std::int64_t number = 0;
  bool is_live = false;
};
Result<FoundRun> find_run(Database& database, const Uuid& id) {
  const auto query = database.statement(Sql::run_number);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->bind_blob(1, bytes_of(id)).step();
  if (!row) return fail(row.error());
  if (!*row) return fail(no_run(id));
  return FoundRun{.number = (*query)->integer(0), .is_live = (*query)->integer(1) < 2};
}

Status write_change(Database& database, std::int64_t run, const NodeChange& change, Time at) {
  const auto prepared = [&](Sql name) { return database.statement(name); };
  if (change.what == NodeChange::What::begun) {
    const auto begin = prepared(Sql::begin_run_node);
    if (!begin) return fail(begin.error());
    (*begin)->bind(1, run).bind_text(2, change.path).bind(3, static_cast<int>(change.kind));
    (*begin)->bind(4, to_micros(change.due)).bind_text(5, change.fingerprint);
    return (*begin)
        ->bind_text(6, change.wait)
        .bind(7, to_micros(at))
        .bind(8, change.is_approval ? 1 : 0)
        .bind(9, static_cast<std::int64_t>(change.bytes))
        .run();
  }
  if (change.what == NodeChange::What::stopped) {
    const auto stop = prepared(Sql::stop_run_node);
    if (!stop) return fail(stop.error());
    (*stop)->bind(1, run).bind_text(2, change.path).bind(3, static_cast<int>(change.stop));
    return (*stop)->bind_text(4, change.error).run();
  }
  const auto finish = prepared(Sql::finish_run_node);
  if (!finish) return fail(finish.error());
  (*finish)->bind(1, run).bind_text(2, change.path).bind(3, static_cast<int>(change.state));
  (*finish)->bind_text(4, change.outputs).bind_text(5, change.error);
  (*finish)->bind_text(6, change.fingerprint).bind(7, change.is_reused ? 1 : 0);
  return (*finish)->bind(8, to_micros(at)).bind_text(9, change.artifacts).run();
}

/// The number of the run; none if it may not be settled.
Result<std::int64_t> settle_row(Database& database, const RunSettlement& settlement) {
  const auto settle = database.statement(Sql::settle_run);
  if (!settle) return fail(settle.error());
  const ResetAtExit reset(**settle);
  (*settle)->bind_blob(1, bytes_of(settlement.id)).bind_text(2, settlement.holder);
  (*settle)->bind(3, static_cast<int>(settlement.state)).bind(4, to_micros(settlement.at));
  (*settle)->bind_text(5, settlement.outputs).bind_text(6, settlement.error);
  const auto row = (*settle)->bind(7, to_micros(settlement.next_at)).step();
  if (!row) return fail(row.error());
  if (*row) return (*settle)->integer(0);
  return fail(run_not_held(settlement.id));
}

Status decide_wait(Transaction& transaction, const FoundRun& run, const RunAsk& ask) {
  Database& database = transaction.database();
  const auto decide = database.statement(Sql::decide_run_wait);
  if (!decide) return fail(decide.error());
  const std::string decision = to_json_text(ask.decision);
  transaction.note_write();
  (*decide)->bind(1, run.number).bind_text(2, ask.path).bind_text(3, decision);
  if (Status done = (*decide)->run(); !done) return done;
  if (database.rows_changed() == 0) return fail(no_open_approval(ask));
  const auto note = database.statement(Sql::note_run_asked);
  if (!note) return fail(note.error());
  return (*note)->bind(1, run.number).run();
}

Status stop_run(Transaction& transaction, const RunAsk& ask) {
  const auto stop = transaction.database().statement(Sql::stop_run);
  if (!stop) return fail(stop.error());
  transaction.note_write();
  (*stop)->bind_blob(1, bytes_of(ask.id)).bind(2, static_cast<int>(ask.stop.stop));
  return (*stop)->bind_text(3, ask.stop.by).bind_text(4, ask.stop.reason).run();
}

Status remove_run_row(Database& database, std::int64_t number) {
  for (const Sql name : {Sql::remove_run_nodes, Sql::remove_run}) {
    const auto remove = database.statement(name);
    if (!remove) return fail(remove.error());
    if (Status done = (*remove)->bind(1, number).run(); !done) return done;
  }
  return {};
}

Result<std::vector<std::int64_t>> ended_runs(Database& database, Time before, std::size_t limit) {
  const auto query = database.statement(Sql::ended_runs);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind(1, to_micros(before)).bind(2, static_cast<std::int64_t>(limit));
  std::vector<std::int64_t> numbers;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return numbers;
    numbers.push_back((*query)->integer(0));
  }
}

}  // namespace

Result<RunMade> SqliteRunPort::create(const NewRun& made) {
  RunMade answer = RunMade::made;
  const std::string anew = pipeline::to_json_text(made.run.anew);
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto plan = database.statement(Sql::put_plan);
    if (!plan) return fail(plan.error());
    transaction.note_write();
    (*plan)->bind_text(1, made.run.plan).bind_text(2, made.plan);
    if (Status done = (*plan)->run(); !done) return done;
    const auto put = database.statement(Sql::put_run);
    if (!put) return fail(put.error());
    const pipeline::KeptRun& run = made.run;
    Statement& statement = **put;
    statement.bind_blob(1, bytes_of(run.id)).bind_text(2, run.pipeline).bind_text(3, run.plan);
    statement.bind_text(4, run.params);
    run.priority ? statement.bind(5, *run.priority) : statement.bind_null(5);
    run.reuse_from.is_nil() ? statement.bind_null(6)
                            : statement.bind_blob(6, bytes_of(run.reuse_from));
    statement.bind_text(7, anew).bind_text(8, run.created_by);
    if (Status done = statement.bind(9, to_micros(run.created_at)).run(); !done) return done;
    answer = database.rows_changed() > 0 ? RunMade::made : RunMade::there_already;
    return {};
  });
  if (!written) return fail(written.error());
  return answer;
}

Result<pipeline::KeptRun> SqliteRunPort::get(const Uuid& id) {
  return readers_.read<pipeline::KeptRun>([&](Database& database) -> Result<pipeline::KeptRun> {
    const auto query = database.statement(Sql::run);
    if (!query) return fail(query.error());
    const ResetAtExit reset(**query);
    const auto row = (*query)->bind_blob(1, bytes_of(id)).step();
    if (!row) return fail(row.error());
    if (!*row) return fail(no_run(id));
    return read_run(**query);
  });
}

Result<RunPage> SqliteRunPort::page(const RunQuery& query) {
  const auto from = parse_number_cursor(query.cursor, query.is_live ? 0 : INT64_MAX);
  if (!from) return fail(from.error());
  return readers_.read<RunPage>([&](Database& database) -> Result<RunPage> {
    const auto found = database.statement(query.is_live ? Sql::live_runs : Sql::runs);
    if (!found) return fail(found.error());
    const ResetAtExit reset(**found);
    Statement& statement = **found;
    const auto limit = static_cast<std::int64_t>(query.limit);
    statement.bind(1, *from);
    const Uuid last = query.id_last.is_nil() ? kLastId : query.id_last;
    if (query.is_live) {
      statement.bind(2, limit).bind(3, query.with_texts ? 1 : 0);
    } else {
      statement.bind(2, mask_of(query.states)).bind_text(3, query.pipeline);
      statement.bind_text(4, query.created_by).bind_blob(5, bytes_of(query.id_first));
      statement.bind_blob(6, bytes_of(last)).bind(7, query.with_texts ? 1 : 0).bind(8, limit);
      statement.bind(9, query.created_us().first).bind(10, query.created_us().second);
    }
    RunPage page;
    std::int64_t number = 0;
    std::size_t rows = 0;
    std::size_t bytes = 0;
    const auto is_full = [&] { return query.bytes_max > 0 && bytes >= query.bytes_max; };
    while (!is_full()) {
      const auto row = statement.step();
      if (!row) return fail(row.error());
      if (!*row) break;
      number = statement.integer(0);
      ++rows;
      auto run = read_run(statement);
      if (run) {
        bytes += text_bytes(*run);
        page.runs.push_back(std::move(*run));
      } else {
        log::error("run_damaged", run.error().message, {{"number", number}});
      }
    }
    if (rows > 0 && (rows == query.limit || is_full())) {
      page.next_cursor = std::to_string(number);
    }
    return page;
  });
}

Result<std::string> SqliteRunPort::plan(const std::string& digest) {
  return readers_.read<std::string>([&](Database& database) -> Result<std::string> {
    const auto query = database.statement(Sql::plan);
    if (!query) return fail(query.error());
    const ResetAtExit reset(**query);
    const auto row = (*query)->bind_text(1, digest).step();
    if (!row) return fail(row.error());
    if (!*row) return fail(Code::not_found, "there is no plan " + digest + " in the ledger");
    return std::string((*query)->text(0));
  });
}

Result<std::vector<pipeline::KeptNode>> SqliteRunPort::nodes(const NodeQuery& query) {
  using Nodes = std::vector<pipeline::KeptNode>;
  return readers_.read<Nodes>([&](Database& database) -> Result<Nodes> {
    const auto found = database.statement(Sql::run_nodes);
    if (!found) return fail(found.error());
    const ResetAtExit reset(**found);
    Statement& statement = **found;
    statement.bind_blob(1, bytes_of(query.run)).bind_text(2, query.after);
    query.with_root&& query.after.empty() ? statement.bind_text(3, "") : statement.bind_null(3);
    statement.bind(4, mask_of(query.states)).bind(5, query.waits_only ? 1 : 0);
    statement.bind(6, query.with_texts ? 1 : 0).bind(7, static_cast<std::int64_t>(query.limit));
    Nodes nodes;
    std::size_t bytes = 0;
    while (query.bytes_max == 0 || bytes < query.bytes_max) {
      const auto row = statement.step();
      if (!row) return fail(row.error());
      if (!*row) break;
      auto node = read_run_node(statement);
      if (!node) return fail(node.error());
      bytes += text_bytes(*node);
      nodes.push_back(std::move(*node));
    }
    return nodes;
  });
}

Result<std::vector<bool>> SqliteRunPort::hold(std::span<const RunHold> holds) {
  std::vector<bool> held;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    held.clear();
    const auto statement = transaction.database().statement(Sql::hold_run);
    if (!statement) return fail(statement.error());
    for (const RunHold& hold : holds) {
      transaction.note_write();
      (*statement)->bind_blob(1, bytes_of(hold.id)).bind_text(2, hold.holder);
      (*statement)->bind(3, to_micros(hold.now)).bind(4, to_micros(hold.until));
      if (Status done = (*statement)->bind(5, hold.running_max).run(); !done) return done;
      held.push_back(transaction.database().rows_changed() > 0);
    }
    return {};
  });
  if (!written) return fail(written.error());
  return held;
}

Status SqliteRunPort::settle(const RunSettlement& settlement) {
  if (Status valid = check_requests(settlement.tasks); !valid) return valid;
  Insertion insertion(settlement.tasks, clock_.now());
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    transaction.note_write();
    const auto number = settle_row(database, settlement);
    if (!number) return fail(number.error());
    std::vector<Inserted> inserted;
    if (!settlement.tasks.empty()) {
      if (Status done = insertion.run(transaction, inserted); !done) return done;
    }
    for (const NodeChange& change : settlement.nodes) {
      if (Status done = write_change(database, *number, change, settlement.at); !done) return done;
    }
    return {};
  });
}

Status SqliteRunPort::ask(const RunAsk& ask) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto run = find_run(transaction.database(), ask.id);
    if (!run) return fail(run.error());
    if (!run->is_live) return fail(run_has_ended(ask.id));
    return ask.path.empty() ? stop_run(transaction, ask) : decide_wait(transaction, *run, ask);
  });
}

Result<std::size_t> SqliteRunPort::remove(Time ended_before, std::size_t limit) {
  std::size_t removed = 0;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    removed = 0;
    const auto numbers = ended_runs(database, ended_before, limit);
    if (!numbers) return fail(numbers.error());
    if (numbers->empty()) return {};
    transaction.note_write();
    for (const std::int64_t number : *numbers) {
      if (Status done = remove_run_row(database, number); !done) return done;
    }
    const auto plans = database.statement(Sql::remove_unused_plans);
    if (!plans) return fail(plans.error());
    removed = numbers->size();
    return (*plans)->run();
  });
  if (!written) return fail(written.error());
  return removed;
}

}  // namespace waybill::sqlite
