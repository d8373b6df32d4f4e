#include "adapters/postgres/registry.h"

#include <algorithm>

#include "core/task_record.h"

namespace waybill::postgres {
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

Status ended(const Result<Rows>& rows) { return rows ? Status() : fail(rows.error()); }

/// What became of a statement that changes a schedule: `not_found` if there was none of that name.
Status schedule_changed(const Result<Rows>& rows, const std::string& name) {
  if (!rows) return fail(rows.error());
  if (rows->affected() > 0) return {};
  return fail(Code::not_found, "no schedule '" + name + "'");
}

}  // namespace

Status PostgresRegistryPort::write_queue(const QueueSettings& settings, QueueFields fields) {
  const bool pauses = fields == QueueFields::paused;
  const Retention& keep = settings.retention;
  Params params;
  params.text(settings.name).boolean(pauses && settings.paused).integer(settings.concurrency_max);
  params.integer(keep.succeeded.count()).integer(keep.failed.count());
  params.integer(keep.cancelled.count());
  return ended(database_.write(pauses ? Sql::pause_queue : Sql::put_queue, params));
}

Result<std::vector<QueueSettings>> PostgresRegistryPort::queues() {
  const auto rows = database_.read(Sql::queues);
  if (!rows) return fail(rows.error());
  std::vector<QueueSettings> queues;
  for (int row = 0; row < rows->size(); ++row) {
    queues.push_back({.name = std::string(rows->text(row, 0)),
                      .paused = rows->integer(row, 1) != 0,
                      .concurrency_max = static_cast<std::uint32_t>(rows->integer(row, 2)),
                      .retention = {.succeeded = Duration(rows->integer(row, 3)),
                                    .failed = Duration(rows->integer(row, 4)),
                                    .cancelled = Duration(rows->integer(row, 5))}});
  }
  return queues;
}

Status PostgresRegistryPort::put_schedule(const Schedule& schedule) {
  Params params;
  params.text(schedule.name).text(schedule.cron).text(schedule.zone);
  params.integer(static_cast<std::int64_t>(schedule.daylight));
  params.integer(static_cast<std::int64_t>(schedule.catch_up)).boolean(schedule.paused);
  params.text(schedule.source).integer(to_micros(schedule.handled_until));
  params.bytes(encode_request(schedule.task));
  return ended(database_.write(Sql::put_schedule, params));
}

Status PostgresRegistryPort::settle_schedule(const std::string& name, Time handled_until) {
  Params params;
  params.text(name).integer(to_micros(handled_until));
  return schedule_changed(database_.write(Sql::settle_schedule, params), name);
}

Status PostgresRegistryPort::pause_schedule(const std::string& name, const SchedulePause& pause,
                                            Time now) {
  Params params;
  params.text(name).integer(to_micros(pause.at)).text(pause.by).text(pause.reason);
  params.integer(to_micros(now));
  return schedule_changed(database_.write(Sql::pause_schedule, params), name);
}

Status PostgresRegistryPort::remove_schedule(const std::string& name) {
  return schedule_changed(database_.write(Sql::remove_schedule, Params().text(name)), name);
}

Result<std::vector<Schedule>> PostgresRegistryPort::schedules() {
  const auto rows = database_.read(Sql::schedules);
  if (!rows) return fail(rows.error());
  std::vector<Schedule> schedules;
  for (int row = 0; row < rows->size(); ++row) {
    auto task = decode_request(rows->text(row, 8));
    if (!task) {
      return fail(with_context(task.error(), "schedule " + std::string(rows->text(row, 0))));
    }
    schedules.push_back({.name = std::string(rows->text(row, 0)),
                         .cron = std::string(rows->text(row, 1)),
                         .zone = std::string(rows->text(row, 2)),
                         .daylight = static_cast<DaylightPolicy>(rows->integer(row, 3)),
                         .catch_up = static_cast<CatchUp>(rows->integer(row, 4)),
                         .paused = rows->integer(row, 5) != 0,
                         .task = std::move(*task),
                         .source = std::string(rows->text(row, 6)),
                         .handled_until = from_micros(rows->integer(row, 7)),
                         .pause = {.at = from_micros(rows->integer(row, 9)),
                                   .by = std::string(rows->text(row, 10)),
                                   .reason = std::string(rows->text(row, 11))}});
  }
  return schedules;
}

Status PostgresRegistryPort::put_worker(const WorkerInfo& worker) {
  Params params;
  params.text(worker.name).text(worker.host).integer(worker.process_id);
  params.text(join(worker.queues)).text(join(worker.kinds));
  params.integer(worker.slots).integer(worker.busy);
  params.integer(to_micros(worker.started_at)).integer(to_micros(time_.now()));
  params.text(worker.version);
  return ended(database_.write(Sql::put_worker, params));
}

Status PostgresRegistryPort::remove_worker(const std::string& name) {
  return ended(database_.write(Sql::remove_worker, Params().text(name)));
}

Result<std::vector<WorkerInfo>> PostgresRegistryPort::workers() {
  const auto rows = database_.read(Sql::workers);
  if (!rows) return fail(rows.error());
  std::vector<WorkerInfo> workers;
  for (int row = 0; row < rows->size(); ++row) {
    workers.push_back({.name = std::string(rows->text(row, 0)),
                       .host = std::string(rows->text(row, 1)),
                       .process_id = rows->integer(row, 2),
                       .version = std::string(rows->text(row, 9)),
                       .queues = split(rows->text(row, 3)),
                       .kinds = split(rows->text(row, 4)),
                       .slots = static_cast<std::uint32_t>(rows->integer(row, 5)),
                       .busy = static_cast<std::uint32_t>(rows->integer(row, 6)),
                       .started_at = from_micros(rows->integer(row, 7)),
                       .seen_at = from_micros(rows->integer(row, 8))});
  }
  return workers;
}

}  // namespace waybill::postgres
