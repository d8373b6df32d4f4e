// The worker protocol: claim, beat, finish (docs/reference/worker-protocol.md).

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "base/mutex.h"
#include "core/definition_fields.h"
#include "core/task_json.h"
#include "http/api/routes.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

constexpr Duration kLeaseMin = std::chrono::seconds(1);
constexpr Duration kLeaseMax = std::chrono::hours(24);
constexpr Duration kWaitMax = std::chrono::seconds(60);
/// How soon a waiting claim sees what no event tells of: a queue that goes on.
constexpr Duration kLook = std::chrono::seconds(1);
constexpr Duration kRegisterEvery = std::chrono::seconds(10);

std::vector<std::string> texts(const Fields& fields, std::string_view name) {
  std::vector<std::string> all;
  const bj::value* list = fields.find(name);
  if (list == nullptr) return all;
  for (const bj::value& text : list->get_array()) all.emplace_back(text.get_string());
  return all;
}

/// The document has checked that they are ids.
std::vector<Uuid> ids_of(const Fields& fields) {
  std::vector<Uuid> ids;
  for (const std::string& text : texts(fields, "ids")) ids.push_back(parse_uuid(text).value());
  return ids;
}

Answer<Duration> bounded(const Fields& fields, std::string_view name, Duration least,
                         Duration most) {
  const Duration duration = fields.duration(name, least);
  if (duration >= least && duration <= most) return duration;
  return refuse(Error{.code = Code::invalid_argument,
                      .message = "/" + std::string(name) + ": has to be " + format_duration(least) +
                                 " to " + format_duration(most)});
}

Answer<Duration> lease_of(const Fields& fields) {
  if (!fields.has("lease")) return std::chrono::seconds(30);
  return bounded(fields, "lease", kLeaseMin, kLeaseMax);
}

/// What one claim answers: the tasks with what their last attempts left.
Answer<bj::array> claimed_to_json(const ApiParts& parts, const std::vector<Task>& tasks) {
  bj::array array;
  array.reserve(tasks.size());
  for (const Task& task : tasks) {
    bj::object object = task_to_json(task);
    object["checkpoint"] = nullptr;
    if (task.status.attempt > 1) {
      const auto reported = parts.ledger.reader.reported(task.id());
      if (!reported) return refuse(reported.error());
      object["checkpoint"] = text_to_json(reported->checkpoint);
    }
    array.push_back(std::move(object));
  }
  return array;
}

/// When the workers that wait were last told of. Thread-safe.
class LastTold {
 public:
  /// Whether it is time again; then it counts as told.
  bool is_due(const std::string& worker, SteadyTime now) {
    const Lock lock(mutex_);
    if (told_.size() >= kWorkersMax) {
      std::erase_if(told_, [&](const auto& entry) { return now - entry.second >= kRegisterEvery; });
    }
    const auto [entry, is_new] = told_.try_emplace(worker, now);
    if (!is_new && now - entry->second < kRegisterEvery) return false;
    entry->second = now;
    return true;
  }
  void told(const std::string& worker, SteadyTime now) {
    const Lock lock(mutex_);
    told_[worker] = now;
  }

 private:
  static constexpr std::size_t kWorkersMax = 10'000;  // about; those beyond are looked through
  Mutex mutex_;
  std::unordered_map<std::string, SteadyTime> told_ GUARDED_BY(mutex_);
};

/// With the first look of a claim, and now and then while it waits, however often it looks: a
/// worker that waits is there. Of one that does not say how many slots it has, now and then too:
/// it may be a loop of small claims.
void tell_registry(const ApiParts& parts, const Call& call, const ClaimParams& params,
                   LastTold& last_told) {
  const Fields fields(call.body.get_object());
  const bool says_slots = fields.has("slots");
  const SteadyTime now = parts.clock.steady_now();
  if (says_slots && !call.request.counted) {
    last_told.told(params.worker, now);
  } else if (!last_told.is_due(params.worker, now)) {
    return;
  }
  const WorkerInfo info{.name = params.worker,
                        .host = fields.text("host"),
                        .process_id = fields.integer("process_id", 0),
                        .version = fields.text("version"),
                        .queues = params.queues,
                        .kinds = params.kinds,
                        .slots = static_cast<std::uint32_t>(fields.integer("slots", 0)),
                        .started_at = fields.has("started_at")
                                          ? parse_time(fields.text("started_at")).value()
                                      : says_slots ? parts.ledger.ledger.now()
                                                   : Time{}};
  // For people alone: a claim does not fail for it.
  (void)parts.ledger.registry.put_worker(info);
}

Answer<Reply> claim(const ApiParts& parts, const Call& call, LastTold& last_told) {
  const Fields fields(call.body.get_object());
  const auto lease = lease_of(fields);
  if (!lease) return refuse(lease.error());
  const auto wait = bounded(fields, "wait", Duration::zero(), kWaitMax);
  if (!wait) return refuse(wait.error());
  const ClaimParams params{.queues = texts(fields, "queues"),
                           .kinds = texts(fields, "kinds"),
                           .only_ids = ids_of(fields),
                           .worker = fields.text("worker"),
                           .limit = static_cast<std::size_t>(fields.integer("limit", 1)),
                           .bytes_max = kPageBytesMax,
                           .lease = *lease};
  const SteadyTime now = parts.clock.steady_now();
  tell_registry(parts, call, params, last_told);
  auto tasks = parts.ledger.ledger.claim(params);
  if (!tasks) return refuse_storage(tasks.error());
  if (parts.rules != nullptr) {
    *tasks = let_run(*parts.rules, parts.ledger.ledger, parts.ledger.reader, std::move(*tasks),
                     {.at = parts.clock.steady_now() + rule_patience(*lease)});
  }
  const SteadyTime until = call.request.came_at + *wait;
  if (tasks->empty() && now < until && !call.request.draining) {
    return Later{.until = std::min(until, now + kLook), .topics = params.queues};
  }
  auto array = claimed_to_json(parts, *tasks);
  if (!array) return refuse(array.error());
  return json_response(bj::object{{"tasks", std::move(*array)}});
}

std::string_view state_name(ExtendOutcome outcome) {
  switch (outcome) {
    case ExtendOutcome::extended:
      return "extended";
    case ExtendOutcome::cancel_requested:
      return "cancel_requested";
    case ExtendOutcome::lost:
      return "lost";
  }
  return "";
}

Answer<Reply> beat(const ApiParts& parts, const Call& call) {
  const Fields fields(call.body.get_object());
  const auto lease = lease_of(fields);
  if (!lease) return refuse(lease.error());
  std::vector<Extension> extensions;
  std::vector<Report> reports;
  for (const bj::value& value : fields.find("tasks")->get_array()) {
    const Fields task(value.get_object());
    if (auto sized = check_sizes(task, extensions.size()); !sized) {
      return refuse(std::move(sized.error()));
    }
    const Uuid id = parse_uuid(task.text("id")).value();
    const auto fence = static_cast<std::uint64_t>(task.integer("fence", 0));
    extensions.push_back({.id = id, .fence = fence, .lease = *lease});
    if (!task.has("progress") && !task.has("checkpoint")) continue;
    reports.push_back({.id = id,
                       .fence = fence,
                       .progress = task.json("progress"),
                       .checkpoint = task.json("checkpoint")});
  }
  if (fields.flag("leaving", false)) {
    const Status left = parts.ledger.registry.remove_worker(fields.text("worker"));
    if (!left) return refuse_storage(left.error());
  }
  const auto outcomes = parts.ledger.ledger.extend(extensions);
  if (!outcomes) return refuse_storage(outcomes.error());
  // One whose lease is lost is told so below; what it reports is of no use to anybody.
  const auto recorded = parts.ledger.ledger.record(reports);
  if (!recorded) return refuse_storage(recorded.error());
  bj::array answers;
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    answers.push_back(bj::object{{"id", to_string(extensions[i].id)},
                                 {"state", json::text(state_name((*outcomes)[i]))}});
  }
  return json_response(bj::object{{"tasks", std::move(answers)}});
}

}  // namespace

void add_worker_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["claimTasks"] = [&parts, last_told = std::make_shared<LastTold>()](const Call& call) {
    return claim(parts, call, *last_told);
  };
  handlers["beatTasks"] = [&parts](const Call& call) { return beat(parts, call); };
}

}  // namespace waybill::http
