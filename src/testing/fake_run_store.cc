#include "testing/fake_run_store.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "ports/cursor.h"

namespace waybill {
namespace {

using pipeline::KeptNode;
using pipeline::KeptRun;
using pipeline::NodeChange;
using pipeline::RunState;

template <class Enum>
bool is_one_of(const std::vector<Enum>& states, Enum state) {
  return states.empty() || std::ranges::find(states, state) != states.end();
}

bool fits(const RunQuery& query, const KeptRun& run) {
  if (query.is_live) return !is_ended(run.state);
  return is_one_of(query.states, run.state) &&
         (query.pipeline.empty() || query.pipeline == run.pipeline) &&
         (query.created_by.empty() || query.created_by == run.created_by) &&
         (query.created_after == Time{} || run.created_at >= query.created_after) &&
         (query.created_before == Time{} || run.created_at < query.created_before) &&
         (query.id_first.is_nil() || query.id_first <= run.id) &&
         (query.id_last.is_nil() || run.id <= query.id_last);
}

}  // namespace

Result<RunMade> FakeRunStore::create(const NewRun& made) {
  const Lock lock(mutex_);
  plans_.emplace(made.run.plan, made.plan);
  const auto [place, is_new] = rows_.try_emplace(made.run.id, Row{.run = made.run});
  if (!is_new) return RunMade::there_already;
  place->second.number = ++last_number_;
  return RunMade::made;
}

Result<KeptRun> FakeRunStore::get(const Uuid& id) {
  const Lock lock(mutex_);
  const auto found = rows_.find(id);
  if (found == rows_.end()) return fail(no_run(id));
  return found->second.run;
}

Result<RunPage> FakeRunStore::page(const RunQuery& query) {
  const auto from = parse_number_cursor(query.cursor, 0);
  if (!from) return fail(from.error());
  const Lock lock(mutex_);
  std::vector<const Row*> found;
  for (const auto& [id, row] : rows_) {
    const bool is_past = query.is_live ? row.number > *from : *from == 0 || row.number < *from;
    if (is_past && fits(query, row.run)) found.push_back(&row);
  }
  std::ranges::sort(found, [&](const Row* a, const Row* b) {
    return query.is_live ? a->number < b->number : a->number > b->number;
  });
  RunPage page;
  std::size_t bytes = 0;
  for (const Row* row : found) {
    page.runs.push_back(row->run);
    if (!query.with_texts) {
      page.runs.back().params = "{}";
      page.runs.back().outputs.clear();
    }
    bytes += text_bytes(page.runs.back());
    const bool is_full = query.bytes_max > 0 && bytes >= query.bytes_max;
    if (page.runs.size() < query.limit && !is_full) continue;
    page.next_cursor = std::to_string(row->number);
    break;
  }
  return page;
}

Result<std::string> FakeRunStore::plan(const std::string& digest) {
  const Lock lock(mutex_);
  const auto found = plans_.find(digest);
  if (found != plans_.end()) return found->second;
  return fail(Code::not_found, "there is no plan " + digest + " in the ledger");
}

Result<std::vector<KeptNode>> FakeRunStore::nodes(const NodeQuery& query) {
  const Lock lock(mutex_);
  std::vector<KeptNode> nodes;
  const auto row = rows_.find(query.run);
  if (row == rows_.end()) return nodes;
  for (const auto& [path, node] : row->second.nodes) {
    const bool is_root = path.empty() && query.with_root && query.after.empty();
    if (!is_root && path <= query.after) continue;
    if (!is_one_of(query.states, node.record.state)) continue;
    if (query.waits_only && node.kind != pipeline::BegunAs::wait) continue;
    nodes.push_back(node);
    if (!query.with_texts) {
      nodes.back().record.outputs.clear();
      nodes.back().record.artifacts.clear();
    }
    if (is_full(nodes, query)) break;
  }
  return nodes;
}

Result<std::vector<bool>> FakeRunStore::hold(std::span<const RunHold> holds) {
  ++hold_calls_;
  const Lock lock(mutex_);
  std::vector<bool> held;
  for (const RunHold& hold : holds) held.push_back(hold_row(hold));
  return held;
}

bool FakeRunStore::hold_row(const RunHold& hold) {
  const auto found = rows_.find(hold.id);
  if (found == rows_.end() || is_ended(found->second.run.state)) return false;
  Row& row = found->second;
  const bool by_wrong_clock = hold.until > hold.now && row.held_until > hold.until;
  if (row.holder != hold.holder && row.held_until > hold.now && !by_wrong_clock) return false;
  if (row.run.state == RunState::waiting) {
    const auto running = std::ranges::count_if(rows_, [&](const auto& other) {
      return other.second.run.state == RunState::running &&
             other.second.run.pipeline == row.run.pipeline;
    });
    if (hold.running_max > 0 && running >= hold.running_max) return false;
    row.run.state = RunState::running;
    row.run.started_at = hold.now;
  }
  row.holder = hold.holder;
  row.held_until = hold.until;
  return true;
}

void FakeRunStore::write(Row& row, const NodeChange& change, Time at) {
  const auto [place, is_new] = row.nodes.try_emplace(change.path);
  KeptNode& node = place->second;
  if (is_new) {
    node.path = change.path;
    node.began_at = at;
  }
  switch (change.what) {
    case NodeChange::What::begun:
      if (!is_new) return;
      node.kind = change.kind;
      node.record.due = change.due;
      node.record.bytes = change.bytes;
      node.record.fingerprint = pipeline::read_fingerprint(change.fingerprint).value();
      if (!change.wait.empty()) node.wait = pipeline::read_kept_wait(change.wait).value();
      return;
    case NodeChange::What::stopped:
      WAYBILL_CHECK(!is_new, "what is stopped was begun");
      node.record.stop = change.stop;
      node.record.error = change.error;
      return;
    case NodeChange::What::finished:
      node.record.state = change.state;
      node.record.outputs = change.outputs;
      node.record.artifacts = change.artifacts;
      node.record.error = change.error;
      node.ended_at = at;
      if (!is_new) return;
      node.record.fingerprint = pipeline::read_fingerprint(change.fingerprint).value();
      node.is_reused = change.is_reused;
  }
}

Status FakeRunStore::settle(const RunSettlement& settlement) {
  const Lock lock(mutex_);
  const auto found = rows_.find(settlement.id);
  if (found == rows_.end() || found->second.holder != settlement.holder ||
      found->second.run.state != RunState::running) {
    return fail(run_not_held(settlement.id));
  }
  const auto inserted = ledger_.insert(settlement.tasks);
  if (!inserted) return fail(inserted.error());
  Row& row = found->second;
  for (const NodeChange& change : settlement.nodes) write(row, change, settlement.at);
  row.run.state = settlement.state;
  if (is_ended(settlement.state)) row.run.ended_at = settlement.at;
  row.run.outputs = settlement.outputs;
  row.run.error = settlement.error;
  row.run.next_at = settlement.next_at;
  return {};
}

Status FakeRunStore::ask(const RunAsk& ask) {
  const Lock lock(mutex_);
  const auto found = rows_.find(ask.id);
  if (found == rows_.end()) return fail(no_run(ask.id));
  KeptRun& run = found->second.run;
  if (is_ended(run.state)) return fail(run_has_ended(ask.id));
  if (ask.path.empty()) {
    if (ask.stop.stop <= run.stop.stop) return {};
    run.stop = ask.stop;
    ++run.asked;
    return {};
  }
  const auto node = found->second.nodes.find(ask.path);
  if (node == found->second.nodes.end() || !node->second.wait || node->second.decision ||
      node->second.wait->kind != pipeline::WaitKind::approval ||
      node->second.record.state != pipeline::NodeState::running) {
    return fail(no_open_approval(ask));
  }
  node->second.decision = ask.decision;
  ++run.asked;
  return {};
}

Result<std::size_t> FakeRunStore::remove(Time ended_before, std::size_t limit) {
  const Lock lock(mutex_);
  std::vector<std::pair<Time, Uuid>> old;
  for (const auto& [id, row] : rows_) {
    if (is_ended(row.run.state) && row.run.ended_at < ended_before) {
      old.emplace_back(row.run.ended_at, id);
    }
  }
  std::ranges::sort(old);
  if (old.size() > limit) old.resize(limit);
  for (const auto& [at, id] : old) rows_.erase(id);
  if (old.empty()) return std::size_t{0};
  std::set<std::string> used;
  for (const auto& [id, row] : rows_) used.insert(row.run.plan);
  std::erase_if(plans_, [&](const auto& plan) { return !used.contains(plan.first); });
  return old.size();
}

void FakeRunStore::lose_plan(const std::string& digest) {
  const Lock lock(mutex_);
  plans_.erase(digest);
}

}  // namespace waybill
