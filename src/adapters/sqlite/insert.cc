#include "adapters/sqlite/insert.h"

#include <algorithm>
#include <optional>
#include <set>

#include "adapters/sqlite/load.h"
#include "core/history.h"
#include "core/priority.h"
#include "core/queue_limit.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

constexpr std::int64_t kFresh = -1;

/// The state of a task; nothing if it is not in the ledger.
Result<std::optional<State>> find_state(Database& database, const Uuid& id) {
  const auto query = database.statement(Sql::state_of_id);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->bind_blob(1, bytes_of(id)).step();
  if (!row) return fail(row.error());
  if (!*row) return std::optional<State>();
  return std::optional(static_cast<State>((*query)->integer(0)));
}

}  // namespace

Insertion::Insertion(std::span<const TaskRequest> requests, Time now)
    : requests_(requests), now_(now), items_(requests.size()) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    items_[i].rest = encode_rest(requests_[i]);
    prepare(items_[i], requests_[i], 0);
  }
}

void Insertion::prepare(Item& item, const TaskRequest& request, std::uint32_t waiting_for) {
  item.acceptance = accept(request, waiting_for, now_);
  item.detail = encode_detail(item.acceptance.status);
  item.entry.clear();
  append_history(item.entry, item.acceptance.entry);
}

Status Insertion::run(Transaction& transaction, std::vector<Inserted>& answers) {
  waits_.clear();
  for (Item& item : items_) item.handle = kFresh;
  const auto must = must_look(transaction);
  if (!must) return fail(must.error());
  if (*must) {
    if (Status looked = look(transaction); !looked) return looked;
  }
  // Before anything is written, or the calls of others in this transaction would have to begin
  // anew.
  if (Status fits = check_room(transaction.lanes()); !fits) return fits;
  transaction.note_write();
  if (Status found = find_lanes(transaction); !found) return found;
  if (Status inserted = insert_tasks(transaction); !inserted) return inserted;
  if (Status inserted = insert_requests(transaction); !inserted) return inserted;
  if (Status inserted = insert_waits(transaction); !inserted) return inserted;
  for (const Item& item : items_) {
    if (item.handle == 0) continue;
    const std::size_t index = static_cast<std::size_t>(&item - items_.data());
    transaction.tell(requests_[index].id, item.lane, item.acceptance.status.state, item.entry);
  }
  return answer(transaction, answers);
}

Result<bool> Insertion::must_look(Transaction& transaction) const {
  // Everything else the table's own unique indexes find out.
  const auto waits = [](const TaskRequest& request) { return !request.waits_for.empty(); };
  if (std::ranges::any_of(requests_, waits)) return true;
  const auto has_key = [](const TaskRequest& request) { return !request.dedup_key.empty(); };
  if (!std::ranges::any_of(requests_, has_key)) return false;
  return transaction.any_spent_keys();
}

Status Insertion::look(Transaction& transaction) {
  // What is waited for may have succeeded in this transaction, for another call.
  if (Status flushed = transaction.flush(); !flushed) return flushed;
  Database& database = transaction.database();
  Taken taken;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto out = is_kept_out(database, requests_[i], taken);
    if (!out) return fail(out.error());
    if (*out) items_[i].handle = 0;
  }
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].handle == 0 || requests_[i].waits_for.empty()) continue;
    if (Status counted = count_waits(database, i, taken); !counted) return counted;
  }
  return {};
}

Result<bool> Insertion::is_kept_out(Database& database, const TaskRequest& request,
                                    Taken& taken) const {
  const auto known = find_state(database, request.id);
  if (!known) return fail(known.error());
  if (*known || taken.ids.contains(request.id)) return true;
  if (!request.dedup_key.empty()) {
    const auto holder = find_holder(database, request.dedup_key);
    if (!holder) return fail(holder.error());
    if (!holder->is_nil() || !taken.keys.insert(request.dedup_key).second) return true;
  }
  taken.ids.insert(request.id);
  return false;
}

Status Insertion::count_waits(Database& database, std::size_t index, const Taken& taken) {
  const TaskRequest& request = requests_[index];
  const std::set<Uuid> distinct(request.waits_for.begin(), request.waits_for.end());
  std::uint32_t waiting_for = 0;
  for (const Uuid& id : distinct) {
    const auto state = find_state(database, id);
    if (!state) return fail(state.error());
    if (*state == State::succeeded) continue;
    if (!*state && !taken.ids.contains(id)) {
      return fail(Code::invalid_argument,
                  "task " + to_string(request.id) + " waits for " + to_string(id) +
                      ", which is not in the ledger; create that one first, or in the same call");
    }
    waits_.emplace_back(index, id);
    ++waiting_for;
  }
  prepare(items_[index], request, waiting_for);
  return {};
}

Status Insertion::check_room(const LaneTable& lanes) const {
  if (items_.size() <= lanes.room()) return {};
  std::set<std::string_view> fresh;
  for (const TaskRequest& request : requests_) {
    if (fresh.contains(request.queue) || lanes.has_queue(request.queue)) continue;
    fresh.insert(request.queue);
    if (fresh.size() > lanes.room()) return fail(too_many_queues(request.queue));
  }
  return {};
}

Status Insertion::find_lanes(Transaction& transaction) {
  const TaskRequest* last = nullptr;
  std::int64_t lane = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const TaskRequest& request = requests_[i];
    if (last == nullptr || request.queue != last->queue || request.kind != last->kind) {
      const auto found =
          transaction.lanes().lane_of(transaction.database(), request.queue, request.kind);
      if (!found) return fail(found.error());
      lane = *found;
      last = &request;
    }
    items_[i].lane = lane;
  }
  return {};
}

Status Insertion::insert_tasks(Transaction& transaction) {
  Database& database = transaction.database();
  Feed& feed = database.feed();
  feed.clear();
  first_handle_ = transaction.next_handle();
  std::int64_t next = first_handle_;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    Item& item = items_[i];
    if (item.handle == 0) continue;
    item.handle = next++;
    const TaskRequest& request = requests_[i];
    const TaskStatus& status = item.acceptance.status;
    auto row = feed.add();
    row.integer(item.handle).blob(bytes_of(request.id)).integer(item.lane);
    row.integer(request.priority).integer(static_cast<std::int64_t>(status.state));
    row.integer(status.waiting_for).integer(to_micros(status.run_at));
    status.state == State::ready ? row.integer(rank(request.priority, status.run_at)) : row.null();
    request.dedup_key.empty() ? row.null() : row.text(request.dedup_key);
    row.integer(static_cast<std::int64_t>(request.dedup_scope));
    row.blob(item.detail).blob(item.entry);
  }
  const auto offered = static_cast<std::int64_t>(feed.rows());
  if (offered == 0) return {};
  const auto insert = database.statement(Sql::insert_tasks);
  if (!insert) return fail(insert.error());
  if (Status done = (*insert)->bind(1, Transaction::kRoomBytes).run(); !done) return done;
  transaction.use_handles(offered);
  if (database.rows_changed() == offered) return {};
  return find_duplicates(transaction, next - 1);
}

Status Insertion::find_duplicates(Transaction& transaction, std::int64_t last) {
  const auto query = transaction.database().statement(Sql::inserted_handles);
  if (!query) return fail(query.error());
  (*query)->bind(1, first_handle_).bind(2, last);
  std::unordered_set<std::int64_t> inserted;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) break;
    inserted.insert((*query)->integer(0));
  }
  for (Item& item : items_) {
    if (!inserted.contains(item.handle)) item.handle = 0;
  }
  return {};
}

Status Insertion::insert_requests(Transaction& transaction) {
  Feed& feed = transaction.database().feed();
  feed.clear();
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].handle == 0) continue;
    const TaskRequest& request = requests_[i];
    auto row = feed.add();
    row.integer(items_[i].handle).integer(to_micros(now_)).text(request.definition);
    row.text(request.created_by).text(request.spec).text(request.params);
    if (!items_[i].rest.empty()) row.blob(items_[i].rest);
  }
  if (feed.rows() == 0) return {};
  const auto insert = transaction.database().statement(Sql::insert_requests);
  if (!insert) return fail(insert.error());
  return (*insert)->run();
}

Status Insertion::insert_waits(Transaction& transaction) {
  for (const auto& [index, id] : waits_) {
    const auto insert = transaction.database().statement(Sql::add_wait);
    if (!insert) return fail(insert.error());
    (*insert)->bind_blob(1, bytes_of(id)).bind(2, items_[index].handle);
    if (Status done = (*insert)->run(); !done) return done;
    transaction.expect_waits();
  }
  return {};
}

Status Insertion::answer(Transaction& transaction, std::vector<Inserted>& answers) const {
  Database& database = transaction.database();
  answers.reserve(items_.size());
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Uuid& id = requests_[i].id;
    if (items_[i].handle != 0) {
      answers.push_back({.id = id, .outcome = InsertOutcome::inserted, .created_at = now_});
      continue;
    }
    const auto known = find_state(database, id);
    if (!known) return fail(known.error());
    const auto holder = *known ? Result<Uuid>(id) : find_holder(database, requests_[i].dedup_key);
    if (!holder) return fail(holder.error());
    answers.push_back({.id = *holder, .outcome = InsertOutcome::duplicate});
  }
  return {};
}

}  // namespace waybill::sqlite
