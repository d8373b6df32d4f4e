#include "adapters/postgres/run_rows.h"

#include <map>
#include <utility>

#include "adapters/postgres/plain_text.h"

namespace waybill::postgres {
namespace {

using pipeline::NodeChange;

tl::unexpected<Error> damaged_run(std::string_view what, const std::string& which) {
  return fail(Code::data_loss, std::string(what) + " " + which +
                                   " is damaged in the ledger; restore a backup, or have retention "
                                   "remove its run");
}

Call begin_nodes(const RunSettlement& settlement, const std::vector<const NodeChange*>& changes) {
  Array paths(Array::Of::texts);
  Array kinds(Array::Of::integers);
  Array dues(Array::Of::integers);
  Array fingerprints(Array::Of::texts);
  Array waits(Array::Of::texts);
  Array approvals(Array::Of::integers);
  Array bytes(Array::Of::integers);
  for (const NodeChange* change : changes) {
    paths.add(change->path);
    kinds.add(static_cast<std::int64_t>(change->kind));
    dues.add(to_micros(change->due));
    fingerprints.add(plain_text(change->fingerprint));
    waits.add(plain_text(change->wait));
    approvals.add(change->is_approval ? 1 : 0);
    bytes.add(static_cast<std::int64_t>(change->bytes));
  }
  Params params;
  params.uuid(settlement.id).integer(to_micros(settlement.at)).array(std::move(paths));
  params.array(std::move(kinds)).array(std::move(dues)).array(std::move(fingerprints));
  params.array(std::move(waits)).array(std::move(approvals)).array(std::move(bytes));
  return {Sql::begin_run_nodes, std::move(params)};
}

Call finish_nodes(const RunSettlement& settlement, const std::vector<const NodeChange*>& changes) {
  Array paths(Array::Of::texts);
  Array states(Array::Of::integers);
  Array outputs(Array::Of::bytes);
  Array errors(Array::Of::texts);
  Array fingerprints(Array::Of::texts);
  Array reused(Array::Of::integers);
  Array artifacts(Array::Of::bytes);
  for (const NodeChange* change : changes) {
    paths.add(change->path);
    states.add(static_cast<std::int64_t>(change->state));
    outputs.add(change->outputs);
    errors.add(plain_text(change->error));
    fingerprints.add(plain_text(change->fingerprint));
    reused.add(change->is_reused ? 1 : 0);
    artifacts.add(change->artifacts);
  }
  Params params;
  params.uuid(settlement.id).integer(to_micros(settlement.at)).array(std::move(paths));
  params.array(std::move(states)).array(std::move(outputs)).array(std::move(errors));
  params.array(std::move(fingerprints)).array(std::move(reused));
  params.array(std::move(artifacts));
  return {Sql::finish_run_nodes, std::move(params)};
}

Call stop_nodes(const RunSettlement& settlement, const std::vector<const NodeChange*>& changes) {
  // Of one path the last counts: an update takes any of several.
  std::map<std::string_view, const NodeChange*> last;
  for (const NodeChange* change : changes) last[change->path] = change;
  Array paths(Array::Of::texts);
  Array stops(Array::Of::integers);
  Array errors(Array::Of::texts);
  for (const auto& [path, change] : last) {
    paths.add(change->path);
    stops.add(static_cast<std::int64_t>(change->stop));
    errors.add(plain_text(change->error));
  }
  Params params;
  params.uuid(settlement.id).array(std::move(paths)).array(std::move(stops));
  params.array(std::move(errors));
  return {Sql::stop_run_nodes, std::move(params)};
}

}  // namespace

Result<pipeline::KeptRun> read_run(const Rows& rows, int row) {
  const std::int64_t state = rows.integer(row, 9);
  const std::int64_t stop = rows.integer(row, 14);
  const Uuid id = rows.uuid(row, 1);
  auto anew = pipeline::read_names(rows.text(row, 6));
  if (state < 0 || state >= pipeline::kRunStateCount || stop < 0 ||
      stop > static_cast<std::int64_t>(pipeline::Stop::at_once) || !anew) {
    return damaged_run("run", to_string(id));
  }
  pipeline::KeptRun run{.id = id,
                        .pipeline = std::string(rows.text(row, 2)),
                        .plan = std::string(rows.text(row, 3)),
                        .params = std::string(rows.text(row, 18)),
                        .priority = {},
                        .reuse_from = {},
                        .anew = std::move(*anew),
                        .created_by = std::string(rows.text(row, 7)),
                        .created_at = from_micros(rows.integer(row, 8)),
                        .state = static_cast<pipeline::RunState>(state),
                        .started_at = from_micros(rows.integer(row, 10)),
                        .ended_at = from_micros(rows.integer(row, 11)),
                        .outputs = std::string(rows.text(row, 19)),
                        .error = std::string(rows.text(row, 12)),
                        .next_at = from_micros(rows.integer(row, 13)),
                        .stop = {.stop = static_cast<pipeline::Stop>(stop),
                                 .by = std::string(rows.text(row, 15)),
                                 .reason = std::string(rows.text(row, 16))},
                        .asked = rows.integer(row, 17)};
  if (!rows.is_null(row, 4)) run.priority = static_cast<int>(rows.integer(row, 4));
  if (!rows.is_null(row, 5)) run.reuse_from = rows.uuid(row, 5);
  return run;
}

Result<pipeline::KeptNode> read_run_node(const Rows& rows, int row) {
  const std::string path(rows.text(row, 0));
  const std::int64_t kind = rows.integer(row, 1);
  const std::int64_t state = rows.integer(row, 2);
  const std::int64_t stop = rows.integer(row, 3);
  auto fingerprint = pipeline::read_fingerprint(rows.text(row, 7));
  if (kind < 0 || kind > static_cast<std::int64_t>(pipeline::BegunAs::group) || state < 0 ||
      state > static_cast<std::int64_t>(pipeline::NodeState::skipped) || stop < 0 ||
      stop > static_cast<std::int64_t>(pipeline::Stop::at_once) || !fingerprint) {
    return damaged_run("step", path);
  }
  pipeline::KeptNode node{.path = path,
                          .kind = static_cast<pipeline::BegunAs>(kind),
                          .record = {.state = static_cast<pipeline::NodeState>(state),
                                     .stop = static_cast<pipeline::Stop>(stop),
                                     .due = from_micros(rows.integer(row, 4)),
                                     .outputs = std::string(rows.text(row, 5)),
                                     .artifacts = std::string(rows.text(row, 13)),
                                     .error = std::string(rows.text(row, 6)),
                                     .fingerprint = std::move(*fingerprint),
                                     .bytes = static_cast<std::uint64_t>(rows.integer(row, 14))},
                          .is_reused = rows.integer(row, 8) != 0,
                          .wait = {},
                          .decision = {},
                          .began_at = from_micros(rows.integer(row, 11)),
                          .ended_at = from_micros(rows.integer(row, 12))};
  if (const std::string_view text = rows.text(row, 9); !text.empty()) {
    auto wait = pipeline::read_kept_wait(text);
    if (!wait) return damaged_run("step", path);
    node.wait = std::move(*wait);
  }
  if (const std::string_view text = rows.text(row, 10); !text.empty()) {
    auto decision = pipeline::read_decision(text);
    if (!decision) return damaged_run("step", path);
    node.decision = std::move(*decision);
  }
  return node;
}

std::vector<Call> calls_of(const RunSettlement& settlement) {
  std::vector<const NodeChange*> begun;
  std::vector<const NodeChange*> stopped;
  // One statement may not change a row twice.
  std::map<std::string_view, const NodeChange*> finished;
  for (const NodeChange& change : settlement.nodes) {
    if (change.what == NodeChange::What::begun) begun.push_back(&change);
    if (change.what == NodeChange::What::stopped) stopped.push_back(&change);
    if (change.what == NodeChange::What::finished) finished[change.path] = &change;
  }
  Params params;
  params.uuid(settlement.id).text(settlement.holder);
  params.integer(static_cast<std::int64_t>(settlement.state)).integer(to_micros(settlement.at));
  params.bytes(settlement.outputs).text(plain_text(settlement.error));
  params.integer(to_micros(settlement.next_at));
  std::vector<Call> calls = {{Sql::settle_run, std::move(params)}};
  if (!begun.empty()) calls.push_back(begin_nodes(settlement, begun));
  if (!stopped.empty()) calls.push_back(stop_nodes(settlement, stopped));
  std::vector<const NodeChange*> ends;
  for (const auto& [path, change] : finished) ends.push_back(change);
  // What ends after it was asked to has the reason of its end.
  if (!ends.empty()) calls.push_back(finish_nodes(settlement, ends));
  return calls;
}

}  // namespace waybill::postgres
