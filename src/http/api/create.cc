// Tasks are created: one or many, all or none.

#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/json.h"
#include "core/task_json.h"
#include "http/api/new_task.h"
#include "http/api/routes.h"
#include "http/api/rule_call.h"
#include "services/queue_allowance.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// Those of one call: as the ledger takes them, and the delay of each beside it.
struct NewTasks {
  std::vector<TaskRequest> requests;
  std::vector<Duration> delays;  ///< see NewTask

  void reserve(std::size_t count) {
    requests.reserve(count);
    delays.reserve(count);
  }
  void add(NewTask task) {
    requests.push_back(std::move(task.request));
    delays.push_back(task.delay);
  }
};

/// A task as it was when it was accepted, for the first answer again.
Answer<Task> as_accepted(const ApiParts& parts, const Task& task) {
  const auto history = parts.ledger.reader.history(task.id());
  if (!history) return refuse(history.error());
  const bool blocked = !history->empty() && history->front().state == State::blocked;
  const auto waits = static_cast<std::uint32_t>(task.request.waits_for.size());
  Task first{.request = task.request, .created_at = task.created_at};
  first.status = accept(task.request, blocked ? waits : 0, task.created_at).status;
  return first;
}

Result<std::vector<std::string>> queues_of(LedgerReader& reader) {
  const auto counts = reader.counts();
  if (!counts) return fail(counts.error());
  std::vector<std::string> names;
  for (const QueueCounts& queue : *counts) names.push_back(queue.queue);
  return names;
}

/// One call that creates tasks.
class Creation {
 public:
  Creation(const ApiParts& parts, const Call& call) : parts_(parts), call_(call) {}

  Answer<Reply> one(const bj::object& body);
  Answer<Reply> many(const bj::array& bodies);

 private:
  /// Before anything is inserted: `key-reused` if the key has made the tasks of another request.
  /// (Of two at the same moment the ledger keeps one out, see is_replay.)
  Answer<void> check_key(const NewTasks& tasks);
  /// Nobody who does not operate the server may use up its queues: those that the tasks make.
  Answer<std::vector<std::string>> take_queues(const NewTasks& tasks);
  /// Those that no task was put into in the end are not counted.
  void give_back(std::vector<std::string> queues, const NewTasks& tasks,
                 const std::vector<Inserted>& inserted);
  Answer<std::vector<Inserted>> insert(const NewTasks& tasks);
  /// Whether a stored task is what stands at this place of the call.
  bool is_same(const NewTasks& tasks, std::size_t index, const Task& stored);
  /// Under a key the tasks may be there since the first time; any other request that had the key is
  /// a problem.
  Answer<bool> is_replay(const NewTasks& tasks, const std::vector<Inserted>& inserted);
  /// The task as it is answered.
  Answer<Task> task_of(const TaskRequest& request, const Inserted& inserted, bool replayed);

  const ApiParts& parts_;
  const Call& call_;
  bool is_older_ = false;  // the tasks were made by the same call, when their keys had another form
};

Answer<void> Creation::check_key(const NewTasks& tasks) {
  if (call_.key.empty()) return {};
  const auto stored = parts_.ledger.reader.get(tasks.requests.front().id);
  if (!stored && stored.error().code == Code::not_found) return {};
  if (!stored) return refuse(stored.error());
  if (is_same(tasks, 0, *stored)) return {};
  return refuse(key_reused());
}

bool Creation::is_same(const NewTasks& tasks, std::size_t index, const Task& stored) {
  const TaskRequest& asked = tasks.requests[index];
  if (is_same_request(asked, tasks.delays[index], stored)) return true;
  const std::string& key = stored.request.dedup_key;
  if (!is_keyed(asked.dedup_key) || !is_keyed(key)) return false;
  // Each such key is of the whole body: one of them tells for all tasks of the call.
  if (!is_older_) is_older_ = key == older_keyed_dedup_key(call_, index);
  return is_older_;
}

Answer<std::vector<std::string>> Creation::take_queues(const NewTasks& tasks) {
  using Let = QueueAllowance::Let;
  std::vector<std::string> none;
  if (parts_.queue_allowance == nullptr || may(call_.who.role, Right::operate)) return none;
  std::vector<std::string_view> queues;
  for (const TaskRequest& task : tasks.requests) {
    if (queues.empty() || queues.back() != task.queue) queues.push_back(task.queue);
  }
  auto taken = parts_.queue_allowance->take(call_.who.name, queues,
                                            [this] { return queues_of(parts_.ledger.reader); });
  if (!taken) return refuse_storage(taken.error());
  if (taken->let == Let::yes) return std::move(taken->queues);
  const std::string why = taken->let == Let::few_left
                              ? "this server has few queues left, and they take an operator"
                              : call_.who.name + " may make " +
                                    std::to_string(parts_.queue_allowance->params().queues_max) +
                                    " new queues a day, and more take an operator";
  return refuse(problem_of(409, why + "; take one that there is, and tell tasks apart by labels"));
}

void Creation::give_back(std::vector<std::string> queues, const NewTasks& tasks,
                         const std::vector<Inserted>& inserted) {
  if (queues.empty()) return;
  std::set<std::string_view> made;
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    if (inserted[i].outcome == InsertOutcome::inserted) made.insert(tasks.requests[i].queue);
  }
  std::erase_if(queues, [&](const std::string& queue) { return made.contains(queue); });
  parts_.queue_allowance->give_back(call_.who.name, queues);
}

Answer<std::vector<Inserted>> Creation::insert(const NewTasks& tasks) {
  if (const auto checked = check_key(tasks); !checked) return refuse(checked.error());
  auto taken = take_queues(tasks);
  if (!taken) return refuse(std::move(taken.error()));
  auto inserted = parts_.ledger.ledger.insert(tasks.requests);
  give_back(std::move(*taken), tasks, inserted ? *inserted : std::vector<Inserted>{});
  if (!inserted && inserted.error().code == Code::out_of_range) {
    return refuse(problem_of(409, inserted.error().message));  // one queue too many
  }
  if (!inserted) return refuse_storage(inserted.error());
  return std::move(*inserted);
}

Answer<bool> Creation::is_replay(const NewTasks& tasks, const std::vector<Inserted>& inserted) {
  if (call_.key.empty()) return false;
  bool replayed = false;
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    const bool own =
        inserted[i].outcome == InsertOutcome::duplicate && inserted[i].id == tasks.requests[i].id;
    if (!own) continue;
    const auto stored = parts_.ledger.reader.get(inserted[i].id);
    if (!stored) return refuse(stored.error());
    if (!is_same(tasks, i, *stored)) return refuse(key_reused());
    replayed = true;
  }
  return replayed;
}

Answer<Task> Creation::task_of(const TaskRequest& request, const Inserted& inserted,
                               bool replayed) {
  // What waits for nothing is known without another look at the ledger.
  if (inserted.outcome == InsertOutcome::inserted && request.waits_for.empty()) {
    Task task{.request = request, .created_at = inserted.created_at};
    task.status = accept(request, 0, inserted.created_at).status;
    return task;
  }
  const auto stored = parts_.ledger.reader.get(inserted.id);
  if (!stored) return refuse(stored.error());
  return replayed ? as_accepted(parts_, *stored) : Answer<Task>(*stored);
}

Answer<Reply> Creation::one(const bj::object& body) {
  auto asked = NewTaskReader(parts_, call_).read(body, {});
  if (!asked) return refuse(std::move(asked.error()));
  if (auto may = check_rules(parts_, call_.who, asked->request); !may) {
    return refuse(std::move(may.error()));
  }
  NewTasks tasks;
  tasks.add(std::move(*asked));
  const auto inserted = insert(tasks);
  if (!inserted) return refuse(inserted.error());
  const auto replayed = is_replay(tasks, *inserted);
  if (!replayed) return refuse(replayed.error());
  const Uuid id = inserted->front().id;
  const Answer<Task> task = task_of(tasks.requests.front(), inserted->front(), *replayed);
  if (!task) return refuse(task.error());
  const bool created = *replayed || inserted->front().outcome == InsertOutcome::inserted;
  Response response = json_response(bj::object{{"created", created}, {"task", task_to_json(*task)}},
                                    created ? 201 : 200);
  response.headers.emplace_back("Location", "/v1/tasks/" + to_string(id));
  if (*replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

Answer<Reply> Creation::many(const bj::array& bodies) {
  NewTaskReader reader(parts_, call_);
  NewTasks tasks;
  tasks.reserve(bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    auto asked =
        reader.read(bodies[i].get_object(), {.index = i, .pointer = "/tasks/" + std::to_string(i)});
    if (!asked) return refuse(std::move(asked.error()));
    tasks.add(std::move(*asked));
  }
  std::vector<const TaskRequest*> requests;
  requests.reserve(tasks.requests.size());
  for (const TaskRequest& request : tasks.requests) requests.push_back(&request);
  if (auto may = RuleCall(parts_, call_.who).check_all(requests); !may) {
    return refuse(std::move(may.error()));
  }
  const auto inserted = insert(tasks);
  if (!inserted) return refuse(inserted.error());
  const auto replayed = is_replay(tasks, *inserted);
  if (!replayed) return refuse(replayed.error());
  constexpr std::size_t kAnswerBytes = 70;  // of one
  Response response{.body = R"({"tasks":[)", .headers = {}, .stream = nullptr};
  response.body.reserve(response.body.size() + kAnswerBytes * bodies.size() + 2);
  for (std::size_t i = 0; i < inserted->size(); ++i) {
    const bool own = *replayed && (*inserted)[i].id == tasks.requests[i].id;
    const bool created = own || (*inserted)[i].outcome == InsertOutcome::inserted;
    response.body += i == 0 ? R"({"id":")" : R"(,{"id":")";
    response.body += to_string((*inserted)[i].id);
    response.body += created ? R"(","created":true})" : R"(","created":false})";
  }
  response.body += "]}";
  if (*replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

}  // namespace

void add_create_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["createTasks"] = [&parts](const Call& call) -> Answer<Reply> {
    const bj::object& body = call.body.get_object();
    Creation creation(parts, call);
    const bj::value* tasks = body.if_contains("tasks");
    return tasks != nullptr ? creation.many(tasks->get_array()) : creation.one(body);
  };
}

}  // namespace waybill::http
