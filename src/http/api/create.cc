// Tasks are created: one or many, all or none.

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/task_json.h"
#include "http/api/new_task.h"
#include "http/api/routes.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

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

/// One call that creates tasks.
class Creation {
 public:
  Creation(const ApiParts& parts, const Call& call) : parts_(parts), call_(call) {}

  Answer<Reply> one(const bj::object& body);
  Answer<Reply> many(const bj::array& bodies);

 private:
  /// Before anything is inserted: `key-reused` if the key has made the tasks of another request.
  /// (Of two at the same moment the ledger keeps one out, see is_replay.)
  Answer<void> check_key(const std::vector<NewTask>& tasks);
  Answer<std::vector<Inserted>> insert(const std::vector<NewTask>& tasks);
  /// Under a key the tasks may be there since the first time; any other request that had the key is
  /// a problem.
  Answer<bool> is_replay(const std::vector<NewTask>& tasks, const std::vector<Inserted>& inserted);
  /// The task as it is answered.
  Answer<Task> task_of(const TaskRequest& request, const Inserted& inserted, bool replayed);

  const ApiParts& parts_;
  const Call& call_;
};

Answer<void> Creation::check_key(const std::vector<NewTask>& tasks) {
  if (call_.key.empty()) return {};
  const auto stored = parts_.ledger.reader.get(tasks.front().request.id);
  if (!stored && stored.error().code == Code::not_found) return {};
  if (!stored) return refuse(stored.error());
  if (is_same_request(tasks.front(), *stored)) return {};
  return refuse(key_reused());
}

Answer<std::vector<Inserted>> Creation::insert(const std::vector<NewTask>& tasks) {
  if (const auto checked = check_key(tasks); !checked) return refuse(checked.error());
  std::vector<TaskRequest> requests;
  requests.reserve(tasks.size());
  for (const NewTask& task : tasks) requests.push_back(task.request);
  auto inserted = parts_.ledger.ledger.insert(requests);
  if (!inserted) return refuse_storage(inserted.error());
  return std::move(*inserted);
}

Answer<bool> Creation::is_replay(const std::vector<NewTask>& tasks,
                                 const std::vector<Inserted>& inserted) {
  if (call_.key.empty()) return false;
  bool replayed = false;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const bool own =
        inserted[i].outcome == InsertOutcome::duplicate && inserted[i].id == tasks[i].request.id;
    if (!own) continue;
    const auto stored = parts_.ledger.reader.get(inserted[i].id);
    if (!stored) return refuse(stored.error());
    if (!is_same_request(tasks[i], *stored)) return refuse(key_reused());
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
  auto asked = read_new_task(parts_, call_, body, {});
  if (!asked) return refuse(std::move(asked.error()));
  if (auto may = check_rules(parts_, call_.who, asked->request); !may) {
    return refuse(std::move(may.error()));
  }
  const std::vector<NewTask> tasks = {std::move(*asked)};
  const auto inserted = insert(tasks);
  if (!inserted) return refuse(inserted.error());
  const auto replayed = is_replay(tasks, *inserted);
  if (!replayed) return refuse(replayed.error());
  const Uuid id = inserted->front().id;
  const Answer<Task> task = task_of(tasks.front().request, inserted->front(), *replayed);
  if (!task) return refuse(task.error());
  const bool created = *replayed || inserted->front().outcome == InsertOutcome::inserted;
  Response response = json_response(bj::object{{"created", created}, {"task", task_to_json(*task)}},
                                    created ? 201 : 200);
  response.headers.emplace_back("Location", "/v1/tasks/" + to_string(id));
  if (*replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

Answer<Reply> Creation::many(const bj::array& bodies) {
  std::vector<NewTask> tasks;
  tasks.reserve(bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    auto asked = read_new_task(parts_, call_, bodies[i].get_object(),
                               {.index = i, .pointer = "/tasks/" + std::to_string(i)});
    if (!asked) return refuse(std::move(asked.error()));
    if (auto may = check_rules(parts_, call_.who, asked->request); !may) {
      may.error().detail = "/tasks/" + std::to_string(i) + ": " + may.error().detail;
      return refuse(std::move(may.error()));
    }
    tasks.push_back(std::move(*asked));
  }
  const auto inserted = insert(tasks);
  if (!inserted) return refuse(inserted.error());
  const auto replayed = is_replay(tasks, *inserted);
  if (!replayed) return refuse(replayed.error());
  bj::array answers;
  answers.reserve(inserted->size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const bool own = *replayed && (*inserted)[i].id == tasks[i].request.id;
    const bool created = own || (*inserted)[i].outcome == InsertOutcome::inserted;
    answers.push_back(bj::object{{"id", to_string((*inserted)[i].id)}, {"created", created}});
  }
  Response response = json_response(bj::object{{"tasks", std::move(answers)}});
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
