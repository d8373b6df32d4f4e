#include "adapters/postgres/claims.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "core/history.h"
#include "core/priority.h"

namespace waybill::postgres {
namespace {

/// Tasks of a lane that are read at a time where their bytes are counted.
constexpr std::size_t kReadAtOnceMax = 64;

/// A look past the floors may take long beside an old snapshot, and is to take this part of the
/// time at most.
constexpr std::int64_t kLookFromStartPart = 50;
/// The column that says that a task lay below its floor.
constexpr int kBelowFloor = 20;

}  // namespace

bool ClaimPart::may_merge(const ClaimParams& one, const ClaimParams& other) {
  return one.queues == other.queues && one.kinds == other.kinds &&
         one.only_ids.empty() == other.only_ids.empty();
}

void ClaimPart::look(Batch& batch) {
  if (empty()) return;
  batch.add(Sql::queue_limits, {}, [this](const Rows& rows) { return take_limits(rows); });
}

Status ClaimPart::take_limits(const Rows& rows) {
  for (int row = 0; row < rows.size(); ++row) {
    room_.emplace(rows.text(row, 0), rows.integer(row, 1) - rows.integer(row, 2));
  }
  round_.hints.queues_limited = !room_.empty();
  return {};
}

void ClaimPart::write(Batch& batch) {
  if (empty()) return;
  const ClaimParams& common = *calls_.front()->claim;
  std::size_t limit = 0;
  bool has_bytes_max = false;
  std::vector<Uuid> only_ids;
  for (const WriteCall* call : calls_) {
    limit += call->claim->limit;
    has_bytes_max = has_bytes_max || call->claim->bytes_max > 0;
    const auto& ids = call->claim->only_ids;
    only_ids.insert(only_ids.end(), ids.begin(), ids.end());
  }
  // All of a row comes with it, also of one that the bytes leave no room for.
  if (has_bytes_max) limit = std::min(limit, kReadAtOnceMax);
  Params params;
  params.texts(common.queues).texts(common.kinds);
  const bool shared = round_.mode == Mode::shared;
  if (shared) {
    batch.add(Sql::any_queue_limited, Params().texts(common.queues),
              [this](const Rows& rows) -> Status {
                round_.needs_exclusive = round_.needs_exclusive || rows.integer(0, 0) != 0;
                if (round_.needs_exclusive) round_.hints.queues_limited = true;
                return {};
              });
  }
  params.boolean(!shared);
  const bool named = !common.only_ids.empty();
  named ? params.uuids(only_ids) : params.integer(static_cast<std::int64_t>(limit));
  if (named) {
    batch.add(Sql::claim_named, std::move(params),
              [this](const Rows& rows) { return take_candidates(rows); });
    return;
  }
  began_at_ = round_.time.steady_micros();
  from_start_ = round_.hints.looks_from_start.take(common, began_at_);
  params.boolean(from_start_);
  const bool few = limit <= kFewTasks;
  if (!few) batch.add(Sql::claim_by_index);
  batch.add(few ? Sql::claim_few : Sql::claim_ready, std::move(params), [this](const Rows& rows) {
    const Status taken = take_candidates(rows);
    if (taken && from_start_) note_look(rows);
    return taken;
  });
}

void ClaimPart::note_look(const Rows& rows) {
  const std::int64_t now = round_.time.steady_micros();
  const std::int64_t took = now - began_at_;
  bool found = false;  // below a floor, and claimed: there may be more
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.integer(row, kBelowFloor) == 0) continue;
    found = found || std::ranges::any_of(claimed_, [&](const Claimed& claimed) {
              return claimed.change.handle == rows.integer(row, 0);
            });
  }
  // Else when it would be by itself, if it is not slow.
  if (found) {
    round_.hints.looks_from_start.set(*calls_.front()->claim, now);
  } else if (kLookFromStartPart * took > 1'000'000) {
    round_.hints.looks_from_start.set(*calls_.front()->claim, now + kLookFromStartPart * took);
  }
}

/// Often enough for what is dead since to be little, and seldom enough for the floors' own dead
/// rows to be few.
void ClaimPart::raise_floors() {
  const ClaimParams& common = *calls_.front()->claim;
  if (!round_.hints.raises.take(common, round_.time.steady_micros())) return;
  for (const Claimed& claimed : claimed_) {
    round_.record.note_claimed(claimed.lane, claimed.rank, claimed.change.handle);
  }
}

WriteCall* ClaimPart::call_for(const Task& task) const {
  for (WriteCall* call : calls_) {
    const std::size_t bytes_max = call->claim->bytes_max;
    if (call->claimed.size() >= call->claim->limit) continue;
    if (bytes_max > 0 && call->claimed_bytes >= bytes_max) continue;
    const auto& ids = call->claim->only_ids;
    if (ids.empty() || std::ranges::find(ids, task.id()) != ids.end()) return call;
  }
  return nullptr;
}

bool ClaimPart::has_room(const std::string& queue) {
  const auto room = room_.find(queue);
  return room == room_.end() || room->second > 0;
}

Status ClaimPart::take_candidates(const Rows& rows) {
  const auto names = names_for(round_.lanes, rows, 2);
  if (!names) return fail(names.error());
  const Time now = round_.time.now();
  for (int row = 0; row < rows.size(); ++row) {
    LoadedTask loaded = read_row(rows, row, **names);
    Task& task = loaded.task;
    if (!has_room(task.request.queue)) continue;
    WriteCall* call = call_for(task);
    if (call == nullptr) continue;
    if (!loaded.whole) return loaded.whole;
    auto change =
        transition(task, event::Claim{.worker = call->claim->worker, .lease = call->claim->lease},
                   {.now = now});
    WAYBILL_CHECK(change.has_value(), "a ready task can be claimed");
    if (const auto room = room_.find(task.request.queue); room != room_.end()) --room->second;
    Claimed& claimed = claimed_.emplace_back();
    append_history(claimed.entry, change->entry);
    claimed.lane = loaded.lane;
    claimed.rank = rank(task.request.priority, task.status.run_at);
    task.status = change->after;
    claimed.change = std::move(*change);
    call->claimed_bytes += text_bytes(task);
    call->claimed.push_back(std::move(task));
  }
  return {};
}

Status ClaimPart::conclude(Batch& batch) {
  ChangeRows rows(Sql::update_tasks);
  for (const Claimed& claimed : claimed_) {
    rows.add(claimed.change, claimed.entry);
    round_.record.tell(claimed.change.id, claimed.lane, State::ready, State::leased, claimed.entry);
  }
  if (rows.empty()) return {};
  raise_floors();
  rows.write(batch, [wanted = claimed_.size()](const Rows& written) -> Status {
    WAYBILL_CHECK(written.affected() == static_cast<std::int64_t>(wanted),
                  "a task whose row is locked stays ready");
    return {};
  });
  return {};
}

}  // namespace waybill::postgres
