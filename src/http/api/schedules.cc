// Schedules are looked at, paused, and run outside their times.

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/schedule_json.h"
#include "core/task_json.h"
#include "http/api/new_task.h"
#include "http/api/routes.h"
#include "http/api/run_rules.h"
#include "services/schedule_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

std::size_t fires_in(const Query& query) { return static_cast<std::size_t>(query.integer("next")); }

Response schedule_response(const ApiParts& parts, const Schedule& schedule, std::size_t fires) {
  return json_response(schedule_to_json(schedule, parts.ledger.ledger.now(), fires));
}

Answer<Reply> list_schedules(const ApiParts& parts, const Call& call) {
  const auto all = parts.ledger.registry.schedules();
  if (!all) return refuse(all.error());
  const Time now = parts.ledger.ledger.now();
  bj::array schedules;
  for (const Schedule& schedule : *all) {
    schedules.push_back(schedule_to_json(schedule, now, fires_in(call.query)));
  }
  return json_response(bj::object{{"schedules", std::move(schedules)}});
}

Answer<Reply> get_schedule(const ApiParts& parts, const Call& call) {
  const auto schedule = ScheduleDesk(parts.ledger).find(call.at("name"));
  if (!schedule) return refuse(schedule.error());
  return with_own_etag(call, schedule_response(parts, *schedule, fires_in(call.query)));
}

Answer<Reply> pause_schedule(const ApiParts& parts, const Call& call) {
  const auto paused =
      ScheduleDesk(parts.ledger)
          .pause(call.at("name"), call.who.name, Fields(call.body.get_object()).text("reason"));
  if (!paused) return refuse(paused.error());
  return schedule_response(parts, *paused, 1);
}

Answer<Reply> resume_schedule(const ApiParts& parts, const Call& call) {
  const auto resumed = ScheduleDesk(parts.ledger).resume(call.at("name"));
  if (!resumed) return refuse(resumed.error());
  return schedule_response(parts, *resumed, 1);
}

Answer<Reply> run_schedule(const ApiParts& parts, const Call& call) {
  const auto schedule = ScheduleDesk(parts.ledger).find(call.at("name"));
  if (!schedule) return refuse(schedule.error());
  const Uuid id = call.key.empty() ? parts.new_id() : keyed_id(call, 0);
  TaskRequest asked = task_now(*schedule, id, call.who.name);
  label_trace(call.request, asked);
  Status fits = check_request(asked);
  if (fits && parts.check_task) fits = parts.check_task(asked);
  if (!fits) return refuse(problem_of(409, fits.error().message));
  if (auto may = check_rules(parts, call.who, asked); !may) return refuse(std::move(may.error()));
  if (auto may = may_start_by(parts, call.who, asked); !may) return refuse(std::move(may.error()));
  const auto inserted = parts.ledger.ledger.insert({&asked, 1});
  if (!inserted) return refuse_storage(inserted.error());
  const auto task = parts.ledger.reader.get(inserted->front().id);
  if (!task) return refuse(task.error());
  // The key's first answer was lost: it is the same task, unless another request had the key.
  const bool is_known = inserted->front().outcome == InsertOutcome::duplicate;
  asked.labels = task->request.labels;  // each repeat has a trace of its own
  if (is_known && !is_same_request(asked, Duration::zero(), *task)) return refuse(key_reused());
  Response response =
      json_response(bj::object{{"created", true}, {"task", task_to_json(*task)}}, 201);
  response.headers.emplace_back("Location", "/v1/tasks/" + to_string(id));
  if (is_known) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

}  // namespace

void add_schedule_handlers(const ApiParts& parts, Handlers& handlers) {
  const auto add = [&](const char* name, auto* handler) {
    handlers[name] = [&parts, handler](const Call& call) { return handler(parts, call); };
  };
  add("listSchedules", list_schedules);
  add("getSchedule", get_schedule);
  add("pauseSchedule", pause_schedule);
  add("resumeSchedule", resume_schedule);
  add("runSchedule", run_schedule);
}

}  // namespace waybill::http
