#include "adapters/postgres/run_store.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "adapters/postgres/plain_text.h"
#include "adapters/postgres/run_rows.h"
#include "adapters/postgres/store_lock.h"
#include "base/log.h"
#include "ports/cursor.h"

namespace waybill::postgres {
namespace {

Uuid last_id() {
  Uuid id;
  id.bytes.fill(0xff);
  return id;
}

template <class Enum>
std::int64_t mask_of(const std::vector<Enum>& states) {
  if (states.empty()) return 0xff;
  std::int64_t mask = 0;
  for (const Enum state : states) mask |= std::int64_t{1} << static_cast<int>(state);
  return mask;
}

/// Texts come with their rows: where a page has a bound of bytes, few rows at a time.
std::size_t rows_at_once(std::size_t bytes_max, std::size_t wanted) {
  return bytes_max == 0 ? wanted : std::min<std::size_t>(wanted, 50);
}

Params params_of(const RunQuery& query, std::int64_t from, std::size_t limit) {
  Params params;
  params.integer(from);
  if (query.is_live) {
    params.integer(static_cast<std::int64_t>(limit)).boolean(query.with_texts);
    return params;
  }
  params.integer(mask_of(query.states)).text(plain_text(query.pipeline));
  params.text(plain_text(query.created_by)).uuid(query.id_first);
  params.uuid(query.id_last.is_nil() ? last_id() : query.id_last);
  params.boolean(query.with_texts).integer(static_cast<std::int64_t>(limit));
  params.integer(query.created_us().first).integer(query.created_us().second);
  return params;
}

Params params_of(const NodeQuery& query) {
  Params params;
  params.uuid(query.run).text(plain_text(query.after));
  params.boolean(query.with_root && query.after.empty()).integer(mask_of(query.states));
  params.boolean(query.waits_only).boolean(query.with_texts);
  params.integer(static_cast<std::int64_t>(query.limit));
  return params;
}

Params params_of(const RunHold& hold, TimeSource source) {
  Params params;
  params.uuid(hold.id).text(hold.holder);
  if (source == TimeSource::database) {
    params.null_integer();
  } else {
    params.integer(to_micros(hold.now));
  }
  params.integer(to_micros(hold.until) - to_micros(hold.now));
  params.integer(hold.running_max).integer(to_micros(hold.now));
  return params;
}

Status decide_wait(Connection& connection, const RunAsk& ask) {
  Params params;
  params.uuid(ask.id).text(plain_text(ask.path)).text(plain_text(to_json_text(ask.decision)));
  const auto decided = connection.run(Sql::decide_run_wait, params, {});
  if (!decided) return fail(decided.error());
  if (decided->affected() == 0) return fail(no_open_approval(ask));
  const auto noted = connection.run(Sql::note_run_asked, Params().uuid(ask.id), {});
  if (!noted) return fail(noted.error());
  return {};
}

Status stop_run(Connection& connection, const RunAsk& ask) {
  Params params;
  params.uuid(ask.id).integer(static_cast<std::int64_t>(ask.stop.stop));
  params.text(plain_text(ask.stop.by)).text(plain_text(ask.stop.reason));
  const auto stopped = connection.run(Sql::stop_run, params, {});
  if (!stopped) return fail(stopped.error());
  return {};
}

}  // namespace

Result<RunMade> PostgresRunPort::create(const NewRun& made) {
  const pipeline::KeptRun& run = made.run;
  Params params;
  params.uuid(run.id).text(run.pipeline).text(run.plan).bytes(run.params);
  run.priority ? params.integer(*run.priority) : params.null_integer();
  params.uuid(run.reuse_from).text(plain_text(pipeline::to_json_text(run.anew)));
  params.text(plain_text(run.created_by)).integer(to_micros(run.created_at));
  RunMade answer = RunMade::made;
  const Status written = parts_.database.transaction([&](Connection& connection) -> Status {
    // Whoever removes plans that no run has does not miss this one.
    if (Status locked = lock_store(connection, StoreLock::runs, LockMode::shared); !locked) {
      return locked;
    }
    Params plan;
    plan.text(run.plan).bytes(made.plan);
    const auto kept = connection.run(Sql::put_plan, plan, {});
    if (!kept) return fail(kept.error());
    const auto put = connection.run(Sql::put_run, params, {});
    if (!put) return fail(put.error());
    answer = put->affected() > 0 ? RunMade::made : RunMade::there_already;
    return {};
  });
  if (!written) return fail(written.error());
  return answer;
}

Result<pipeline::KeptRun> PostgresRunPort::get(const Uuid& id) {
  const auto rows = parts_.database.read(Sql::run, Params().uuid(id));
  if (!rows) return fail(rows.error());
  if (rows->empty()) return fail(no_run(id));
  return read_run(*rows, 0);
}

Result<RunPage> PostgresRunPort::page(const RunQuery& query) {
  const auto from = parse_number_cursor(query.cursor, query.is_live ? 0 : INT64_MAX);
  if (!from) return fail(from.error());
  RunPage page;
  std::size_t bytes = 0;
  std::size_t seen = 0;
  std::int64_t number = *from;
  const auto is_full = [&] { return query.bytes_max > 0 && bytes >= query.bytes_max; };
  while (seen < query.limit && !is_full()) {
    const std::size_t asked = rows_at_once(query.bytes_max, query.limit - seen);
    const auto rows = parts_.database.read(query.is_live ? Sql::live_runs : Sql::runs,
                                           params_of(query, number, asked));
    if (!rows) return fail(rows.error());
    int row = 0;
    for (; row < rows->size() && !is_full(); ++row) {
      number = rows->integer(row, 0);
      ++seen;
      auto run = read_run(*rows, row);
      if (run) {
        bytes += text_bytes(*run);
        page.runs.push_back(std::move(*run));
      } else {
        log::error("run_damaged", run.error().message, {{"number", number}});
      }
    }
    if (row == rows->size() && static_cast<std::size_t>(row) < asked) return page;
  }
  if (seen > 0) page.next_cursor = std::to_string(number);
  return page;
}

Result<std::string> PostgresRunPort::plan(const std::string& digest) {
  const auto rows = parts_.database.read(Sql::plan, Params().text(digest));
  if (!rows) return fail(rows.error());
  if (rows->empty()) return fail(Code::not_found, "there is no plan " + digest + " in the ledger");
  return std::string(rows->text(0, 0));
}

Result<std::vector<pipeline::KeptNode>> PostgresRunPort::nodes(const NodeQuery& query) {
  std::vector<pipeline::KeptNode> nodes;
  NodeQuery rest = query;
  while (nodes.size() < query.limit) {
    rest.limit = rows_at_once(query.bytes_max, query.limit - nodes.size());
    const auto rows = parts_.database.read(Sql::run_nodes, params_of(rest));
    if (!rows) return fail(rows.error());
    for (int row = 0; row < rows->size(); ++row) {
      auto node = read_run_node(*rows, row);
      if (!node) return fail(node.error());
      nodes.push_back(std::move(*node));
      if (is_full(nodes, query)) return nodes;
    }
    if (static_cast<std::size_t>(rows->size()) < rest.limit) break;
    rest.after = nodes.back().path;
    rest.with_root = false;
  }
  return nodes;
}

Result<std::vector<bool>> PostgresRunPort::hold(std::span<const RunHold> holds) {
  std::vector<Call> calls;
  // In the order of their ids: two servers that ask for the same rows do not wait for each other.
  std::vector<std::size_t> order(holds.size());
  std::iota(order.begin(), order.end(), 0);
  const bool takes_turns =
      std::ranges::any_of(holds, [](const RunHold& hold) { return hold.running_max > 0; });
  if (!takes_turns) std::ranges::sort(order, {}, [&](std::size_t i) { return holds[i].id; });
  for (const std::size_t i : order) calls.push_back({Sql::hold_run, params_of(holds[i], source_)});
  std::vector<bool> held;
  const Status written = parts_.database.transaction([&](Connection& connection) -> Status {
    held.assign(holds.size(), false);
    // Of two that begin at once each would not see the other.
    if (takes_turns) {
      if (Status locked = lock_store(connection, StoreLock::run_turns); !locked) return locked;
    }
    const auto done = connection.run_all(calls, {});
    if (!done) return fail(done.error());
    for (std::size_t i = 0; i < order.size(); ++i) held[order[i]] = (*done)[i].affected() > 0;
    return {};
  });
  if (!written) return fail(written.error());
  return held;
}

Status PostgresRunPort::settle(const RunSettlement& settlement) {
  if (Status valid = check_requests(settlement.tasks); !valid) return valid;
  const std::vector<Call> calls = calls_of(settlement);
  const Error refusal = run_not_held(settlement.id);
  if (settlement.tasks.empty()) {
    return parts_.database.transaction([&](Connection& connection) -> Status {
      const auto done = connection.run_all(calls, {});
      if (!done) return fail(done.error());
      return done->front().affected() > 0 ? Status() : fail(refusal);
    });
  }
  auto lanes = parts_.lanes.lanes_of(settlement.tasks);
  if (!lanes) return fail(lanes.error());
  const PreparedInsert prepared(settlement.tasks, std::move(*lanes), parts_.time.now());
  WriteCall call;
  call.insert = &prepared;
  call.exclusive = prepared.must_look();
  call.beside = calls;
  call.beside_refused = &refusal;
  return parts_.writer.write(call);
}

Status PostgresRunPort::ask(const RunAsk& ask) {
  return parts_.database.transaction([&](Connection& connection) -> Status {
    const auto rows = connection.run(Sql::lock_run, Params().uuid(ask.id), {});
    if (!rows) return fail(rows.error());
    if (rows->empty()) return fail(no_run(ask.id));
    if (rows->integer(0, 0) >= 2) return fail(run_has_ended(ask.id));
    return ask.path.empty() ? stop_run(connection, ask) : decide_wait(connection, ask);
  });
}

Result<std::size_t> PostgresRunPort::remove(Time ended_before, std::size_t limit) {
  std::size_t removed = 0;
  Params params;
  params.integer(to_micros(ended_before)).integer(static_cast<std::int64_t>(limit));
  const Status written = parts_.database.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::runs); !locked) return locked;
    const auto gone = connection.run(Sql::remove_runs, params, {});
    if (!gone) return fail(gone.error());
    removed = static_cast<std::size_t>(gone->affected());
    if (removed == 0) return {};
    const auto plans = connection.run(Sql::remove_unused_plans, {}, {});
    if (!plans) return fail(plans.error());
    return {};
  });
  if (!written) return fail(written.error());
  return removed;
}

}  // namespace waybill::postgres
