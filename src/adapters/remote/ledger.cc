#include "adapters/remote/ledger.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "adapters/remote/task_wire.h"
#include "base/json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// Of one request (schemas/openapi.json).
constexpr std::size_t kTasksMax = 1000;

bj::array names(const std::vector<std::string>& texts) {
  bj::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

std::string span_until(Time until, Time now) {
  return format_duration(std::max(Duration::zero(), Duration(until - now)));
}

/// JSON text of an object into a field, if there is one.
Status put_json(bj::object& object, const char* name, const std::string& text) {
  if (text.empty()) return {};
  auto value = json::parse(text);
  if (!value) return fail(value.error());
  object[name] = std::move(*value);
  return {};
}

/// What happened, as finishTasks takes it. The server decides anew what follows from it; `failures`
/// tells a last transient failure from a permanent one.
Result<bj::object> finish_of(const Change& change, std::uint32_t failures) {
  const TaskStatus& after = change.after;
  bj::object finish{{"id", to_string(change.id)}, {"fence", change.from.fence}};
  Status put{};
  switch (change.entry.happening) {
    case Happening::succeeded:
      finish["outcome"] = "succeeded";
      put = put_json(finish, "result", after.result);
      break;
    case Happening::failed:
    case Happening::retry_scheduled:
      finish["outcome"] = "failed";
      finish["error"] = after.error;
      if (after.failures == failures) finish["permanent"] = true;
      if (change.entry.happening == Happening::retry_scheduled && after.run_at > change.entry.at) {
        finish["retry_after"] = span_until(after.run_at, change.entry.at);
      }
      put = put_json(finish, "proof", after.result);
      break;
    case Happening::snoozed:
      finish["outcome"] = "snoozed";
      finish["delay"] = span_until(after.run_at, change.entry.at);
      break;
    case Happening::given_back:
      finish["outcome"] = "given_back";
      finish["reason"] = change.entry.reason;
      break;
    case Happening::cancelled:
      finish["outcome"] = "cancelled";
      put = put_json(finish, "proof", after.result);
      break;
    default:
      return fail(Code::invalid_argument, "'" + std::string(to_string(change.entry.happening)) +
                                              "' comes of no run: a worker does not record it");
  }
  if (!put) return fail(put.error());
  return finish;
}

/// `aborted` also for what the server could not decide now: the worker reads the task again.
Status answer_to(const bj::object& answer) {
  const bj::value& problem = answer.at("problem");
  if (problem.is_null()) return {};
  const bj::object& said = problem.as_object();
  const bool is_gone = said.at("status").to_number<int>() == 404;
  return fail(is_gone ? Code::not_found : Code::aborted,
              std::string(said.at("detail").as_string()));
}

ExtendOutcome outcome_named(std::string_view state) {
  if (state == "extended") return ExtendOutcome::extended;
  return state == "cancel_requested" ? ExtendOutcome::cancel_requested : ExtendOutcome::lost;
}

/// The states that a beat answered, one for each task of the request.
Result<std::vector<ExtendOutcome>> beat(RemoteServer& server, bj::object body,
                                        std::size_t expected) {
  const auto answer = server.post("/v1/beats", json::serialize(std::move(body)));
  if (!answer) return fail(answer.error());
  try {
    std::vector<ExtendOutcome> outcomes;
    for (const bj::value& task : answer->as_object().at("tasks").as_array()) {
      const bj::string& state = task.as_object().at("state").as_string();
      outcomes.push_back(outcome_named({state.data(), state.size()}));
    }
    if (outcomes.size() == expected) return outcomes;
  } catch (const std::exception& error) {
    return server.not_understood("/v1/beats", error.what());
  }
  return server.not_understood("/v1/beats", "it has not one answer for each task");
}

}  // namespace

RemoteLedger::RemoteLedger(RemoteServer& server, HeldTasks& held, Clock& clock, RemoteWorker worker)
    : server_(server), held_(held), clock_(clock), worker_(std::move(worker)) {}

RemoteClaim RemoteLedger::new_claim(const ClaimParams& params, Duration wait) {
  return {.params = params,
          .wait = wait,
          .key = server_.new_key(),
          .asked_at = clock_.steady_now(),
          .is_again = false};
}

Status RemoteLedger::greet() {
  const auto answer = server_.post(
      "/v1/beats", json::serialize(bj::object{{"worker", worker_.name}, {"tasks", bj::array{}}}));
  if (!answer) return fail(answer.error());
  return {};
}

Result<std::vector<Task>> RemoteLedger::claim_waiting(const RemoteClaim& claim,
                                                      std::stop_token stop) {
  const ClaimParams& params = claim.params;
  bj::object body{{"worker", params.worker},
                  {"queues", names(params.queues)},
                  {"kinds", names(params.kinds)},
                  {"limit", std::min(params.limit, kTasksMax)},
                  {"lease", format_duration(params.lease)},
                  {"slots", worker_.slots},
                  {"host", worker_.host},
                  {"process_id", worker_.process_id},
                  {"version", worker_.version},
                  {"started_at", format_time(worker_.started_at)}};
  if (claim.wait > Duration::zero()) body["wait"] = format_duration(claim.wait);
  const SteadyTime lease_until = claim.asked_at + params.lease;
  const auto answer = server_.post_as(claim.key, "/v1/claims", json::serialize(std::move(body)),
                                      {.more = claim.wait, .stop = std::move(stop)});
  if (!answer) return fail(answer.error());
  try {
    std::vector<Task> tasks;
    for (const bj::value& value : answer->as_object().at("tasks").as_array()) {
      Task task = task_from_json(value);
      const bj::value& checkpoint = value.as_object().at("checkpoint");
      held_.put(task.id(), {.fence = task.status.fence,
                            .attempt = task.status.attempt,
                            .failures = task.status.failures,
                            .checkpoint = checkpoint.is_null() ? "" : json::serialize(checkpoint),
                            .lease_until = lease_until});
      tasks.push_back(std::move(task));
    }
    return tasks;
  } catch (const std::exception& error) {
    return server_.not_understood("/v1/claims", error.what());
  }
}

Result<std::vector<Status>> RemoteLedger::apply(std::span<const Change> changes) {
  std::vector<Status> answers;
  for (std::size_t first = 0; first < changes.size(); first += kTasksMax) {
    const auto some = changes.subspan(first, std::min(kTasksMax, changes.size() - first));
    if (Status applied = apply_some(some, answers); !applied) return fail(applied.error());
  }
  return answers;
}

Status RemoteLedger::apply_some(std::span<const Change> changes, std::vector<Status>& answers) {
  bj::array finishes;
  for (const Change& change : changes) {
    const auto held = held_.find(change.id);
    const bool known = held && held->fence == change.from.fence;
    auto finish = finish_of(change, known ? held->failures : change.after.failures);
    if (!finish) return fail(finish.error());
    finishes.push_back(std::move(*finish));
  }
  const auto answer =
      server_.post("/v1/finishes", json::serialize(bj::object{{"tasks", std::move(finishes)}}));
  if (!answer) return fail(answer.error());
  try {
    const bj::array& tasks = answer->as_object().at("tasks").as_array();
    for (std::size_t i = 0; i < changes.size(); ++i) {
      answers.push_back(answer_to(tasks.at(i).as_object()));
      if (answers.back()) held_.erase(changes[i].id, changes[i].from.fence);
    }
    return {};
  } catch (const std::exception& error) {
    return server_.not_understood("/v1/finishes", error.what());
  }
}

Result<std::vector<ExtendOutcome>> RemoteLedger::extend(std::span<const Extension> extensions) {
  std::vector<ExtendOutcome> outcomes;
  for (std::size_t first = 0; first < extensions.size(); first += kTasksMax) {
    const auto some = extensions.subspan(first, std::min(kTasksMax, extensions.size() - first));
    bj::array tasks;
    for (const Extension& extension : some) {
      tasks.push_back(bj::object{{"id", to_string(extension.id)}, {"fence", extension.fence}});
    }
    const SteadyTime asked_at = clock_.steady_now();
    auto answers = beat(server_,
                        {{"worker", worker_.name},
                         {"lease", format_duration(some.front().lease)},
                         {"tasks", std::move(tasks)}},
                        some.size());
    if (!answers) return fail(answers.error());
    for (std::size_t i = 0; i < some.size(); ++i) {
      if ((*answers)[i] == ExtendOutcome::lost) {
        held_.erase(some[i].id, some[i].fence);
      } else {
        held_.extend(some[i].id, some[i].fence, asked_at + some.front().lease);
      }
    }
    outcomes.insert(outcomes.end(), answers->begin(), answers->end());
  }
  return outcomes;
}

Result<std::vector<Status>> RemoteLedger::record(std::span<const Report> reports) {
  std::vector<Status> answers;
  for (std::size_t first = 0; first < reports.size(); first += kTasksMax) {
    const auto some = reports.subspan(first, std::min(kTasksMax, reports.size() - first));
    bj::array tasks;
    for (const Report& report : some) {
      bj::object task{{"id", to_string(report.id)}, {"fence", report.fence}};
      if (Status put = put_json(task, "progress", report.progress); !put) return fail(put.error());
      if (Status put = put_json(task, "checkpoint", report.checkpoint); !put) {
        return fail(put.error());
      }
      tasks.push_back(std::move(task));
    }
    const auto outcomes = beat(server_,
                               {{"worker", worker_.name},
                                {"lease", format_duration(worker_.lease)},
                                {"tasks", std::move(tasks)}},
                               some.size());
    if (!outcomes) return fail(outcomes.error());
    for (const ExtendOutcome outcome : *outcomes) {
      answers.push_back(outcome == ExtendOutcome::lost
                            ? Status(fail(Code::aborted, "the task's lease is lost"))
                            : Status());
    }
  }
  return answers;
}

Status RemoteRoll::remove_worker(const std::string& name) {
  const auto answer = server_.post(
      "/v1/beats",
      json::serialize(bj::object{{"worker", name}, {"leaving", true}, {"tasks", bj::array{}}}));
  if (!answer) return fail(answer.error());
  return {};
}

}  // namespace waybill
