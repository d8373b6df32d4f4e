#include "adapters/postgres/inserts.h"

#include <utility>

#include "adapters/postgres/task_columns.h"
#include "core/priority.h"

namespace waybill::postgres {
void InsertPart::look(Batch& batch) {
  Array ids(Array::Of::uuids);
  Array keys(Array::Of::bytes);
  Array waited_for(Array::Of::uuids);
  for (const WriteCall* call : calls_) {
    for (const TaskRequest& request : call->insert->requests()) {
      ids.add(request.id);
      if (!request.dedup_key.empty()) keys.add(request.dedup_key);
      for (const Uuid& id : request.waits_for) waited_for.add(id);
    }
  }
  batch.add(Sql::known_ids, Params().array(std::move(ids)), [this](const Rows& rows) -> Status {
    for (int row = 0; row < rows.size(); ++row) known_ids_.insert(rows.uuid(row, 0));
    return {};
  });
  if (keys.size() > 0) {
    batch.add(Sql::key_holders, Params().array(std::move(keys)),
              [this](const Rows& rows) -> Status {
                for (int row = 0; row < rows.size(); ++row) {
                  key_holders_.emplace(rows.text(row, 0), rows.uuid(row, 1));
                }
                return {};
              });
  }
  if (waited_for.size() == 0) return;
  batch.add(Sql::states_of_ids, Params().array(std::move(waited_for)),
            [this](const Rows& rows) -> Status {
              for (int row = 0; row < rows.size(); ++row) {
                states_.emplace(rows.uuid(row, 0), static_cast<State>(rows.integer(row, 1)));
              }
              return {};
            });
}

Uuid InsertPart::kept_out_by(const TaskRequest& request) const {
  if (known_ids_.contains(request.id)) return request.id;
  if (request.dedup_key.empty()) return {};
  const auto holder = key_holders_.find(request.dedup_key);
  return holder == key_holders_.end() ? Uuid{} : holder->second;
}

Status InsertPart::decide(WriteCall& call) {
  const auto requests = call.insert->requests();
  std::deque<Pending> fresh;
  std::unordered_set<Uuid> of_call;
  std::unordered_map<std::string, Uuid> keys;
  call.inserted.resize(requests.size());
  for (std::size_t place = 0; place < requests.size(); ++place) {
    const TaskRequest& request = requests[place];
    Uuid holder = kept_out_by(request);
    if (of_call.contains(request.id)) holder = request.id;
    const bool has_key = !request.dedup_key.empty();
    if (const auto key = keys.find(request.dedup_key); holder.is_nil() && has_key) {
      if (key != keys.end()) holder = key->second;
    }
    if (!holder.is_nil()) {
      call.inserted[place] = {.id = holder, .outcome = InsertOutcome::duplicate};
      continue;
    }
    of_call.insert(request.id);
    if (has_key) keys.emplace(request.dedup_key, request.id);
    fresh.push_back({.call = &call, .place = place});
  }
  const std::size_t waits_before = waits_.size();
  for (Pending& pending : fresh) {
    if (pending.request().waits_for.empty()) continue;
    if (Status counted = count_waits(pending, of_call); !counted) {
      waits_.resize(waits_before);
      return counted;
    }
  }
  known_ids_.insert(of_call.begin(), of_call.end());
  for (auto& [key, id] : keys) key_holders_.emplace(key, id);
  for (Pending& pending : fresh) {
    states_[pending.request().id] = pending.item().acceptance.status.state;
    fresh_.push_back(std::move(pending));
  }
  return {};
}

Status InsertPart::count_waits(Pending& pending, const std::unordered_set<Uuid>& of_call) {
  const TaskRequest& request = pending.request();
  const std::set<Uuid> distinct(request.waits_for.begin(), request.waits_for.end());
  std::uint32_t waiting_for = 0;
  for (const Uuid& id : distinct) {
    const auto state = states_.find(id);
    if (state != states_.end() && state->second == State::succeeded) continue;
    if (state == states_.end() && !of_call.contains(id)) {
      return fail(Code::invalid_argument,
                  "task " + to_string(request.id) + " waits for " + to_string(id) +
                      ", which is not in the ledger; create that one first, or in the same call");
    }
    waits_.emplace_back(id, request.id);
    ++waiting_for;
  }
  pending.waits = true;
  pending.waiting = PreparedInsert::accepted(request, waiting_for, pending.call->insert->now());
  return {};
}

void InsertPart::write(Batch& batch) {
  for (WriteCall* call : calls_) call->answer = decide(*call);
  write_beside(batch);
  if (fresh_.empty()) return;
  insert_tasks(batch);
  insert_keys_and_waits(batch);
}

void InsertPart::write_beside(Batch& batch) {
  for (WriteCall* call : calls_) {
    if (!call->answer) continue;
    for (const Call& statement : call->beside) {
      const bool is_first = &statement == call->beside.data();
      batch.add(statement.sql, statement.params,
                [this, call, is_first](const Rows& rows) -> Status {
                  if (!is_first || rows.affected() > 0) return {};
                  round_.is_refused = true;
                  return fail(*call->beside_refused);
                });
    }
  }
}

void InsertPart::insert_tasks(Batch& batch) {
  TaskColumns columns;
  for (const Pending& pending : fresh_) {
    columns.add(pending.request(), pending.item(), pending.call->insert->lane(pending.place),
                pending.call->insert->now());
  }
  batch.add(Sql::insert_tasks, columns.take(),
            [this](const Rows& rows) { return take_inserted(rows); });
}

bool InsertPart::is_plain(const WriteCall& call) {
  return call.insert != nullptr && !call.exclusive && call.beside.empty();
}

Params InsertPart::write_plain() {
  for (WriteCall* call : calls_) call->answer = decide(*call);
  TaskColumns columns;
  for (Pending& pending : fresh_) {
    pending.inserted = true;
    columns.add(pending.request(), pending.item(), pending.call->insert->lane(pending.place),
                pending.call->insert->now());
  }
  tell();
  return columns.take_plain();
}

Status InsertPart::take_inserted(const Rows& rows) {
  if (rows.affected() == static_cast<std::int64_t>(fresh_.size())) {
    for (Pending& pending : fresh_) pending.inserted = true;
    return {};
  }
  std::unordered_set<Uuid> inserted;
  for (int row = 0; row < rows.size(); ++row) inserted.insert(rows.uuid(row, 0));
  for (Pending& pending : fresh_) pending.inserted = inserted.contains(pending.request().id);
  return {};
}

void InsertPart::insert_keys_and_waits(Batch& batch) {
  Array keys(Array::Of::bytes);
  Array holders(Array::Of::uuids);
  for (const Pending& pending : fresh_) {
    const TaskRequest& request = pending.request();
    if (request.dedup_key.empty() || request.dedup_scope != DedupScope::forever) continue;
    keys.add(request.dedup_key);
    holders.add(request.id);
  }
  if (keys.size() > 0) {
    batch.add(Sql::add_forever_keys,
              std::move(Params().array(std::move(keys)).array(std::move(holders))));
  }
  if (waits_.empty()) return;
  Array on_ids(Array::Of::uuids);
  Array waiting(Array::Of::uuids);
  for (const auto& [on_id, task] : waits_) {
    on_ids.add(on_id);
    waiting.add(task);
  }
  batch.add(Sql::add_waits, std::move(Params().array(std::move(on_ids)).array(std::move(waiting))));
  round_.hints.tasks_wait = true;
}

Status InsertPart::conclude(Batch&) {
  if (round_.mode == Mode::exclusive) {
    for (const Pending& pending : fresh_) {
      if (pending.inserted) continue;
      return fail(Code::internal, "a task that was not there could not be inserted");
    }
  }
  tell();
  return {};
}

void InsertPart::tell() {
  for (const Pending& pending : fresh_) {
    const TaskRequest& request = pending.request();
    const PreparedInsert& call = *pending.call->insert;
    Inserted& answer = pending.call->inserted[pending.place];
    answer.id = request.id;
    if (!pending.inserted) {
      answer.outcome = InsertOutcome::duplicate;
      continue;
    }
    answer.created_at = call.now();
    const PreparedInsert::Item& item = pending.item();
    round_.record.tell(request.id, call.lane(pending.place), std::nullopt,
                       item.acceptance.status.state, item.entry);
    if (item.acceptance.status.state == State::ready) {
      round_.record.note_ready(call.lane(pending.place),
                               rank(request.priority, item.acceptance.status.run_at));
    }
  }
}

}  // namespace waybill::postgres
