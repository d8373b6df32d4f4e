#include "adapters/sqlite/registry.h"

#include "adapters/sqlite/queue_rows.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    names.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

Result<std::vector<Schedule>> read_schedules(Database& database) {
  const auto query = database.statement(Sql::schedules);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  Statement& row = **query;
  std::vector<Schedule> schedules;
  for (;;) {
    const auto more = row.step();
    if (!more) return fail(more.error());
    if (!*more) return schedules;
    auto task = decode_request(row.blob(8));
    if (!task) return fail(with_context(task.error(), "schedule " + std::string(row.text(0))));
    schedules.push_back({.name = std::string(row.text(0)),
                         .cron = std::string(row.text(1)),
                         .zone = std::string(row.text(2)),
                         .daylight = static_cast<DaylightPolicy>(row.integer(3)),
                         .catch_up = static_cast<CatchUp>(row.integer(4)),
                         .paused = row.integer(5) != 0,
                         .task = std::move(*task),
                         .source = std::string(row.text(6)),
                         .handled_until = from_micros(row.integer(7)),
                         .pause = {.at = from_micros(row.integer(9)),
                                   .by = std::string(row.text(10)),
                                   .reason = std::string(row.text(11))}});
  }
}

Result<std::vector<WorkerInfo>> read_workers(Database& database) {
  const auto query = database.statement(Sql::workers);
  if (!query) return fail(query.error());
  Statement& row = **query;
  std::vector<WorkerInfo> workers;
  for (;;) {
    const auto more = row.step();
    if (!more) return fail(more.error());
    if (!*more) return workers;
    workers.push_back({.name = std::string(row.text(0)),
                       .host = std::string(row.text(1)),
                       .process_id = row.integer(2),
                       .version = std::string(row.text(9)),
                       .queues = split(row.text(3)),
                       .kinds = split(row.text(4)),
                       .slots = static_cast<std::uint32_t>(row.integer(5)),
                       .busy = static_cast<std::uint32_t>(row.integer(6)),
                       .started_at = from_micros(row.integer(7)),
                       .seen_at = from_micros(row.integer(8))});
  }
}

/// Runs a statement that changes a schedule; `not_found` if there was none of that name.
Status change_schedule(Transaction& transaction, Statement& statement, const std::string& name) {
  transaction.note_write();
  if (Status done = statement.run(); !done) return done;
  if (transaction.database().rows_changed() > 0) return {};
  return fail(Code::not_found, "no schedule '" + name + "'");
}

}  // namespace

Status SqliteRegistryPort::write_queue(const QueueSettings& settings, QueueFields fields) {
  const bool pauses = fields == QueueFields::paused;
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto put = transaction.database().statement(pauses ? Sql::pause_queue : Sql::put_queue);
    if (!put) return fail(put.error());
    transaction.note_write();
    const Retention& keep = settings.retention;
    (*put)->bind_text(1, settings.name).bind(2, pauses && settings.paused ? 1 : 0);
    (*put)->bind(3, settings.concurrency_max).bind(4, keep.succeeded.count());
    (*put)->bind(5, keep.failed.count()).bind(6, keep.cancelled.count());
    if (Status done = (*put)->run(); !done) return done;
    return transaction.load_queues();
  });
}

Result<std::vector<QueueSettings>> SqliteRegistryPort::queues() {
  return readers_.read<std::vector<QueueSettings>>(read_queues);
}

Status SqliteRegistryPort::put_schedule(const Schedule& schedule) {
  const std::string task = encode_request(schedule.task);
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto put = transaction.database().statement(Sql::put_schedule);
    if (!put) return fail(put.error());
    transaction.note_write();
    (*put)->bind_text(1, schedule.name).bind_text(2, schedule.cron).bind_text(3, schedule.zone);
    (*put)->bind(4, static_cast<std::int64_t>(schedule.daylight));
    (*put)->bind(5, static_cast<std::int64_t>(schedule.catch_up));
    (*put)->bind(6, schedule.paused ? 1 : 0).bind_text(7, schedule.source);
    (*put)->bind(8, to_micros(schedule.handled_until)).bind_blob(9, task);
    return (*put)->run();
  });
}

Status SqliteRegistryPort::settle_schedule(const std::string& name, Time handled_until) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto settle = transaction.database().statement(Sql::settle_schedule);
    if (!settle) return fail(settle.error());
    (*settle)->bind_text(1, name).bind(2, to_micros(handled_until));
    return change_schedule(transaction, **settle, name);
  });
}

Status SqliteRegistryPort::pause_schedule(const std::string& name, const SchedulePause& pause,
                                          Time now) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto change = transaction.database().statement(Sql::pause_schedule);
    if (!change) return fail(change.error());
    (*change)->bind_text(1, name).bind(2, to_micros(pause.at)).bind_text(3, pause.by);
    (*change)->bind_text(4, pause.reason).bind(5, to_micros(now));
    return change_schedule(transaction, **change, name);
  });
}

Status SqliteRegistryPort::remove_schedule(const std::string& name) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto remove = transaction.database().statement(Sql::remove_schedule);
    if (!remove) return fail(remove.error());
    (*remove)->bind_text(1, name);
    return change_schedule(transaction, **remove, name);
  });
}

Result<std::vector<Schedule>> SqliteRegistryPort::schedules() {
  return readers_.read<std::vector<Schedule>>(read_schedules);
}

Status SqliteRegistryPort::put_worker(const WorkerInfo& worker) {
  const std::string queues = join(worker.queues);
  const std::string kinds = join(worker.kinds);
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto put = transaction.database().statement(Sql::put_worker);
    if (!put) return fail(put.error());
    transaction.note_write();
    (*put)->bind_text(1, worker.name).bind_text(2, worker.host).bind(3, worker.process_id);
    (*put)->bind_text(4, queues).bind_text(5, kinds).bind(6, worker.slots).bind(7, worker.busy);
    (*put)->bind(8, to_micros(worker.started_at)).bind(9, to_micros(clock_.now()));
    (*put)->bind_text(10, worker.version);
    return (*put)->run();
  });
}

Status SqliteRegistryPort::remove_worker(const std::string& name) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto remove = transaction.database().statement(Sql::remove_worker);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    return (*remove)->bind_text(1, name).run();
  });
}

Result<std::vector<WorkerInfo>> SqliteRegistryPort::workers() {
  return readers_.read<std::vector<WorkerInfo>>(read_workers);
}

}  // namespace waybill::sqlite
