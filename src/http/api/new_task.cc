#include "http/api/new_task.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json.h"
#include "core/pipeline/start_spec.h"
#include "core/secret.h"
#include "core/suggest.h"
#include "core/trace_context.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// Of the dedup keys that stand for an Idempotency-Key with its request.
constexpr std::string_view kKeyedPrefix = "idempotency/";

/// How far apart the ledger's clock and the time of asking may be for a delay to be the same one.
constexpr Duration kDelayTolerance = std::chrono::minutes(1);
/// How what is said of params begins where nothing says yet what it is about.
constexpr std::string_view kParams = "params ";

tl::unexpected<Problem> invalid(const NewTaskPlace& place, std::string_view field,
                                std::string_view why) {
  const std::string pointer = place.pointer + std::string(field);
  return refuse(Error{.code = Code::invalid_argument,
                      .message = (pointer.empty() ? "" : pointer + ": ") + std::string(why)});
}

void read_retry(const Fields& fields, RetryPolicy& retry) {
  retry.failures_max = static_cast<std::uint32_t>(fields.integer("failures", retry.failures_max));
  retry.worker_deaths_max =
      static_cast<std::uint32_t>(fields.integer("worker_deaths", retry.worker_deaths_max));
  retry.backoff_first = fields.duration("backoff", retry.backoff_first);
  retry.backoff_max = fields.duration("backoff_max", retry.backoff_max);
  retry.backoff_factor = fields.number("backoff_factor", retry.backoff_factor);
  retry.jitter = fields.number("jitter", retry.jitter);
}

Status read_labels(const bj::object& labels, TaskRequest& request) {
  for (const auto& label : labels) {
    const std::string name(label.key());
    const std::string value(label.value().get_string());
    if (Status own = check_labels({{name, value}}); !own) return own;
    std::erase_if(request.labels, [&](const auto& other) { return other.first == label.key(); });
    request.labels.emplace_back(name, value);
  }
  return {};
}

/// The ids in `waits_for` have the format of a UUID.
void read_waits(const Fields& fields, TaskRequest& request) {
  const bj::value* waits = fields.find("waits_for");
  if (waits == nullptr) return;
  for (const bj::value& id : waits->get_array()) {
    request.waits_for.push_back(parse_uuid(std::string_view(id.get_string())).value());
  }
}

/// Keys that this program makes itself: whoever took one would keep a fire of a schedule, a batch
/// of a scan or somebody's repeat out.
bool is_reserved(const std::string& key) {
  return key.starts_with(kKeyedPrefix) || key.starts_with("schedule/") ||
         key.find("/task-markers/") != key.npos;
}

/// Ids of version 5 are made from keys, by this program (RFC 9562, 5.5).
bool is_from_a_key(const Uuid& id) { return id.bytes[6] >> 4 == 5; }

}  // namespace

Answer<TaskRequest> NewTaskReader::of_kind(const Fields& fields, const NewTaskPlace& place) const {
  const Role role = call_.who.role;
  // Such a task runs whatever program it names: definitions are what others are held to.
  if (!may(role, Right::operate)) {
    return refuse(Error{.code = Code::permission_denied,
                        .message = "a " + std::string(to_string(role)) +
                                   " makes tasks from definitions only; to name a kind takes an "
                                   "operator"});
  }
  TaskRequest request;
  request.kind = fields.text("kind");
  if (request.kind == pipeline::kStartKind) {
    // Rules of pipelines are asked there.
    return invalid(place, "/kind", "a run is started with POST /v1/runs");
  }
  request.spec = fields.json("spec", "{}");
  request.params = fields.json("params", "{}");
  // Or else everybody who may name a program could have it print any secret, turned round.
  if (names_secrets(request.spec) && !may(role, Right::admin)) {
    return refuse(Error{.code = Code::permission_denied,
                        .message = "a task with secrets of its own takes an admin; an operator "
                                   "makes it from a definition that names them"});
  }
  return request;
}

Answer<TaskRequest> NewTaskReader::begin(const Fields& fields, const NewTaskPlace& place) {
  const bool defined = fields.has("definition");
  if (defined == fields.has("kind")) {
    return invalid(place, "", "give either the name of a definition or a kind");
  }
  if (!defined) return of_kind(fields, place);
  if (fields.has("spec")) {
    return invalid(place, "/spec", "what the task is to do stands in its definition");
  }
  const std::string name = fields.text("definition");
  const auto now = parts_.definitions();
  const auto definition = now->tasks.find(name);
  if (definition == now->tasks.end()) {
    std::vector<std::string> known;
    for (const auto& [other, unused] : now->tasks) known.push_back(other);
    return invalid(place, "/definition",
                   "there is no task definition \"" + name + "\"" + did_you_mean(name, known));
  }
  const bj::value* params = fields.find("params");
  const bj::value none = bj::object();
  const Status fits =
      checks_.check(definition->second.params_schema, params == nullptr ? none : *params);
  if (!fits) {
    // The pointer says already what it is about.
    std::string_view message = fits.error().message;
    if (message.starts_with(kParams)) message.remove_prefix(kParams.size());
    return invalid(place, "/params", std::string(message));
  }
  return make_request(definition->second, fields.json("params", "{}"));
}

/// What the caller sent, by whom, under which key: 32 hexadecimal digits.
std::string NewTaskReader::fingerprint(std::size_t index) {
  if (digest_.empty()) {
    digest_ = sha256(call_.who.name + "\n" + call_.key + "\n" + call_.request.body);
  }
  return to_hex(sha256(digest_ + std::to_string(index))).substr(0, 32);
}

void NewTaskReader::read_identity(const Fields& fields, const NewTaskPlace& place,
                                  TaskRequest& request) {
  request.created_by = call_.who.name;
  request.dedup_key = fields.text("dedup_key");
  // Tells a repeat from another request under the key, whatever has changed meanwhile.
  if (request.dedup_key.empty() && !call_.key.empty()) {
    request.dedup_key = std::string(kKeyedPrefix) + fingerprint(place.index);
  }
  if (fields.has("id")) {
    request.id = parse_uuid(fields.text("id")).value();
  } else if (!call_.key.empty()) {
    request.id = keyed_id(call_, place.index);
  } else {
    request.id = parts_.new_id();
  }
  label_trace(call_.request, request);
}

Answer<NewTask> NewTaskReader::read(const bj::object& body, const NewTaskPlace& place) {
  const Fields fields(body);
  auto request = begin(fields, place);
  if (!request) return refuse(std::move(request.error()));
  NewTask task{.request = std::move(*request)};
  TaskRequest& asked = task.request;
  asked.queue = fields.text("queue", asked.queue);
  asked.priority = static_cast<int>(fields.integer("priority", asked.priority));
  asked.run_time_max = fields.duration("timeout", asked.run_time_max);
  if (asked.run_time_max < Duration::zero()) {
    return invalid(place, "/timeout", "has to be 0 or more");
  }
  read_retry(Fields(fields.object("retry")), asked.retry);
  if (Status own = read_labels(fields.object("labels"), asked); !own) {
    return invalid(place, "/labels", own.error().message);
  }
  read_waits(fields, asked);
  if (is_reserved(fields.text("dedup_key"))) {
    return invalid(place, "/dedup_key", "keys of schedules, scans and Idempotency-Keys are taken");
  }
  read_identity(fields, place, asked);
  if (fields.has("id") && is_from_a_key(asked.id)) {
    return invalid(place, "/id", "ids of version 5 are made from keys; take version 4 or 7");
  }
  if (fields.has("run_at") && fields.has("delay")) {
    return invalid(place, "/delay", "run_at says already when; give one of them");
  }
  if (fields.has("run_at")) asked.run_at = parse_time(fields.text("run_at")).value();
  task.delay = fields.duration("delay", Duration::zero());
  if (task.delay < Duration::zero()) return invalid(place, "/delay", "has to be 0 or more");
  if (task.delay > Duration::zero()) asked.run_at = parts_.ledger.ledger.now() + task.delay;
  Status fits = check_request(asked);
  if (fits && parts_.check_task) fits = parts_.check_task(asked);
  if (!fits) return invalid(place, "", fits.error().message);
  return task;
}

void label_trace(const Request& request, TaskRequest& task) {
  const std::string_view trace = request.header("traceparent");
  const bool has_own = std::ranges::any_of(
      task.labels, [](const auto& label) { return label.first == kTraceLabel; });
  if (!has_own && is_traceparent(trace)) task.labels.emplace_back(kTraceLabel, trace);
}

Uuid keyed_id(const Call& call, std::size_t index) {
  return uuid_v5(kTaskNamespace,
                 "idempotency/" + call.who.name + "/" + call.key + "/" + std::to_string(index));
}

bool is_known_by_its_key(const Call& call) {
  const auto names_its_own = [](const bj::value& task) {
    return task.get_object().contains("id") || task.get_object().contains("dedup_key");
  };
  const bj::value* tasks = call.body.get_object().if_contains("tasks");
  if (tasks == nullptr) return !names_its_own(call.body);
  return std::ranges::none_of(tasks->get_array(), names_its_own);
}

std::string older_keyed_dedup_key(const Call& call, std::size_t index) {
  const std::string all =
      call.who.name + "\n" + call.key + "\n" + std::to_string(index) + "\n" + call.request.body;
  return std::string(kKeyedPrefix) + to_hex(sha256(all)).substr(0, 32);
}

bool is_keyed(std::string_view dedup_key) { return dedup_key.starts_with(kKeyedPrefix); }

bool is_same_request(const TaskRequest& asked, Duration delay, const Task& stored) {
  if (is_keyed(asked.dedup_key)) return asked.dedup_key == stored.request.dedup_key;
  TaskRequest request = asked;
  if (delay > Duration::zero()) {
    const Duration delayed = stored.request.run_at - stored.created_at;
    const Duration apart = delayed > delay ? delayed - delay : delay - delayed;
    if (apart > kDelayTolerance) return false;
    request.run_at = stored.request.run_at;
  }
  // It may have been amended since.
  if (stored.status.revision > 0) request.priority = stored.request.priority;
  // A later commit may have left what its definition says as it was.
  TaskRequest kept = stored.request;
  request.labels = without_source_labels(request.labels);
  kept.labels = without_source_labels(kept.labels);
  return request == kept;
}

}  // namespace waybill::http
