#include "adapters/sqlite/transaction.h"

#include "adapters/sqlite/migrate.h"
#include "adapters/sqlite/queue_rows.h"
#include "core/history.h"
#include "core/priority.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

/// How many rows of events are written between two looks for those that are too old.
constexpr std::int64_t kTrimEvery = 8;

TaskRow read_row(Statement& row) {
  return {.handle = row.integer(0),
          .id = to_uuid(row.blob(1)),
          .lane = row.integer(2),
          .priority = static_cast<int>(row.integer(3)),
          .state = static_cast<State>(row.integer(4)),
          .revision = static_cast<std::uint32_t>(row.integer(5)),
          .fence = static_cast<std::uint64_t>(row.integer(6)),
          .waiting_for = static_cast<std::uint32_t>(row.integer(7)),
          .run_at = from_micros(row.integer(8)),
          .lease_until = from_micros(row.integer(9)),
          .finished_at = from_micros(row.integer(10)),
          .dedup_key = std::string(row.text(11)),
          .dedup_scope = static_cast<DedupScope>(row.integer(12)),
          .detail = std::string(row.blob(13))};
}

/// Binds a time that is there only in some states.
void bind_if(Statement& statement, int index, bool there, std::int64_t value) {
  if (there) {
    statement.bind(index, value);
  } else {
    statement.bind_null(index);
  }
}

void bind_row(Statement& update, const TaskRow& row) {
  update.bind(1, row.handle).bind(2, static_cast<std::int64_t>(row.state)).bind(3, row.revision);
  update.bind(4, static_cast<std::int64_t>(row.fence)).bind(5, row.waiting_for);
  update.bind(6, to_micros(row.run_at));
  bind_if(update, 7, row.state == State::ready, rank(row.priority, row.run_at));
  bind_if(update, 8, row.state == State::leased, to_micros(row.lease_until));
  bind_if(update, 9, is_finished(row.state), to_micros(row.finished_at));
  update.bind_blob(10, row.detail).bind_blob(11, row.history);
  update.bind(12, Transaction::kRoomBytes).bind(13, row.priority);
}

}  // namespace

void feed_handles(Feed& feed, std::span<const std::int64_t> handles) {
  feed.clear();
  for (const std::int64_t handle : handles) feed.add().integer(handle);
}

Status Transaction::begin() {
  clear();
  const auto begin = database_.statement(Sql::begin_write);
  if (!begin) return fail(begin.error());
  if (Status begun = (*begin)->run(); !begun) return begun;
  return refresh();
}

Status Transaction::refresh() {
  // Changes when another connection has committed, which here means another process: readers of
  // ours write nothing.
  const auto version = database_.number(Sql::data_version);
  if (!version) return fail(version.error());
  if (*version == data_version_) return {};
  if (Status same = check_schema_version(); !same) return same;
  any_waits_.reset();
  any_spent_keys_.reset();
  if (Status loaded = lanes_.load(database_); !loaded) return loaded;
  if (Status loaded = load_queues(); !loaded) return loaded;
  if (Status loaded = load_last_event(); !loaded) return loaded;
  const auto last = database_.number(Sql::last_handle);
  if (!last) return fail(last.error());
  last_handle_ = *last;
  data_version_ = *version;
  return {};
}

Status Transaction::check_schema_version() {
  const auto version = database_.number(Sql::user_version);
  if (!version) return fail(version.error());
  if (*version == schema_version()) return {};
  return fail(Code::failed_precondition,
              "ledger " + database_.path() + ": another program has migrated it to version " +
                  std::to_string(*version) + " while this one, which writes version " +
                  std::to_string(schema_version()) +
                  ", had it open; start the newer program in its place");
}

Status Transaction::load_queues() {
  auto settings = read_queues(database_);
  if (!settings) return fail(settings.error());
  queues_.clear();
  for (QueueSettings& queue : *settings) queues_[queue.name] = queue;
  return {};
}

Status Transaction::load_last_event() {
  const auto query = database_.statement(Sql::last_event);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->step();
  if (!row) return fail(row.error());
  last_event_row_ = *row ? (*query)->integer(0) : 0;
  changes_until_ = *row ? (*query)->integer(1) : 0;
  return {};
}

const QueueSettings* Transaction::settings(const std::string& queue) const {
  const auto found = queues_.find(queue);
  return found == queues_.end() ? nullptr : &found->second;
}

Result<bool> Transaction::any_waits() {
  if (!any_waits_) {
    const auto any = database_.number(Sql::any_waits);
    if (!any) return fail(any.error());
    any_waits_ = *any != 0;
  }
  return *any_waits_;
}

Result<bool> Transaction::any_spent_keys() {
  if (!any_spent_keys_) {
    const auto any = database_.number(Sql::any_spent_keys);
    if (!any) return fail(any.error());
    any_spent_keys_ = *any != 0;
  }
  return *any_spent_keys_;
}

Status Transaction::load(std::span<const std::int64_t> handles) {
  Feed& feed = database_.feed();
  feed.clear();
  for (const std::int64_t handle : handles) {
    if (!rows_.contains(handle)) feed.add().integer(handle);
  }
  if (feed.rows() == 0) return {};
  const auto query = database_.statement(Sql::load_rows);
  if (!query) return fail(query.error());
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    rows_.try_emplace((*query)->integer(0), read_row(**query));
  }
}

TaskRow* Transaction::find(std::int64_t handle) {
  const auto found = rows_.find(handle);
  return found == rows_.end() ? nullptr : &found->second;
}

TaskRow& Transaction::adopt(const Task& task, std::int64_t lane) {
  const TaskStatus& status = task.status;
  const auto [slot, fresh] = rows_.try_emplace(task.handle);
  TaskRow& row = slot->second;
  if (!fresh) return row;
  row.handle = task.handle;
  row.id = task.id();
  row.lane = lane;
  row.priority = task.request.priority;
  row.state = status.state;
  row.revision = status.revision;
  row.fence = status.fence;
  row.waiting_for = status.waiting_for;
  row.dedup_key = task.request.dedup_key;
  row.dedup_scope = task.request.dedup_scope;
  return row;  // the rest is set by the change that it is adopted for
}

void Transaction::change(TaskRow& row, const Change& change) {
  const TaskStatus& after = change.after;
  row.priority = change.priority.value_or(row.priority);
  lanes_.add(row.lane, row.state, -1);
  lanes_.add(row.lane, after.state, 1);
  row.state = after.state;
  row.revision = after.revision;
  row.fence = after.fence;
  row.waiting_for = after.waiting_for;
  row.run_at = after.run_at;
  row.lease_until = after.lease_until;
  row.finished_at = after.finished_at;
  row.detail = encode_detail(after);
  scratch_.clear();
  append_history(scratch_, change.entry);
  row.history += scratch_;
  add_event(row.id, row.lane, scratch_);
  touch(row);
}

void Transaction::touch(TaskRow& row) {
  ++writes_;
  if (row.dirty) return;
  row.dirty = true;
  dirty_.push_back(&row);
}

void Transaction::tell(const Uuid& id, std::int64_t lane, State state, std::string_view entry) {
  lanes_.add(lane, state, 1);
  add_event(id, lane, entry);
  ++writes_;
}

void Transaction::add_event(const Uuid& id, std::int64_t lane, std::string_view entry) {
  if (events_.empty() || events_.back().changes == kChangesMax) events_.emplace_back();
  append_event(events_.back().bytes, id, lane, entry);
  ++events_.back().changes;
}

Status Transaction::flush() {
  if (dirty_.empty()) return {};
  const auto update = database_.statement(Sql::apply_change);
  if (!update) return fail(update.error());
  for (TaskRow* row : dirty_) {
    bind_row(**update, *row);
    if (Status written = (*update)->run(); !written) return written;
    row->history.clear();
    row->dirty = false;
  }
  dirty_.clear();
  return {};
}

Status Transaction::write_event_row(const EventRow& row) {
  const auto insert = database_.statement(Sql::add_event);
  if (!insert) return fail(insert.error());
  ++last_event_row_;
  changes_until_ += row.changes;
  (*insert)->bind(1, last_event_row_).bind(2, changes_until_).bind(3, row.changes);
  (*insert)->bind_blob(4, row.bytes);
  if (Status inserted = (*insert)->run(); !inserted) return inserted;
  return last_event_row_ % kTrimEvery == 0 ? trim_events() : Status();
}

Status Transaction::trim_events() {
  const std::int64_t too_old = changes_until_ - static_cast<std::int64_t>(events_kept_);
  if (too_old <= 0) return {};
  const auto trim = database_.statement(Sql::trim_events);
  if (!trim) return fail(trim.error());
  return (*trim)->bind(1, too_old).run();
}

Status Transaction::write_gathered() {
  if (Status flushed = flush(); !flushed) return flushed;
  if (Status counted = lanes_.flush(database_); !counted) return counted;
  for (const EventRow& row : events_) {
    if (Status told = write_event_row(row); !told) return told;
  }
  return {};
}

Status Transaction::commit() {
  commit_was_asked_ = false;
  if (Status written = write_gathered(); !written) return written;
  const auto commit = database_.statement(Sql::commit);
  if (!commit) return fail(commit.error());
  commit_was_asked_ = true;
  return (*commit)->run();
}

void Transaction::roll_back() {
  const Rollback undo(database_);
  data_version_ = -1;  // what is remembered of the file may have come from what is undone
  clear();
}

void Transaction::clear() {
  rows_.clear();
  dirty_.clear();
  events_.clear();
}

}  // namespace waybill::sqlite
