// Tasks are ended and tried again by people, one by one or many at a time.

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/task_json.h"
#include "http/api/new_task.h"
#include "http/api/routes.h"
#include "http/api/rule_call.h"
#include "http/api/run_rules.h"
#include "services/task_change.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

constexpr std::size_t kBulkMax = 10'000;
constexpr std::size_t kBulkPage = 500;
/// Of a page, whatever the filter chooses: between two of them the time is looked at.
constexpr std::size_t kBulkLooked = 20'000;
constexpr std::size_t kBulkBytes = 16 << 20;
/// Then the caller asks again for the rest.
constexpr Duration kBulkTime = std::chrono::seconds(5);

enum class What : std::uint8_t { cancel, retry };

Event event_of(What what, const Call& call) {
  if (what == What::retry) return event::Retry{.by = call.who.name};
  return event::Cancel{.by = call.who.name,
                       .reason = Fields(call.body.get_object()).text("reason")};
}

Answer<Reply> change_one(const ApiParts& parts, const Call& call, What what) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  if (auto allowed = may_change(parts, call, *id); !allowed) {
    return refuse(std::move(allowed.error()));
  }
  const bool again = what == What::retry && Fields(call.body.get_object()).flag("again", false);
  if (what == What::retry && (again || parts.rules != nullptr)) {
    const auto before = parts.ledger.reader.get(*id);
    if (!before) return refuse(before.error());
    // Of one that starts a run: who may not start it may not have it started again.
    if (parts.rules != nullptr) {
      if (auto may = may_start_by(parts, call.who, before->request); !may) {
        return refuse(std::move(may.error()));
      }
    }
    if (again) {
      const std::string key = to_string(call.key.empty() ? parts.new_id() : keyed_id(call, 0));
      const auto resent = resend(parts.ledger, *before, {.by = call.who.name, .key = key});
      if (!resent) return refuse(resent.error());
      return json_response(task_to_json(*resent));
    }
  }
  const auto task = change_task(parts.ledger, *id, event_of(what, call), parts.chance());
  if (!task) return refuse(task.error());
  return json_response(task_to_json(*task));
}

/// Whether a task in this state can be.
bool suits(What what, State state) {
  if (what == What::retry) return state == State::failed || state == State::cancelled;
  return !is_finished(state);
}

/// The states of the tasks that are meant if none are named.
std::vector<State> states_for(What what) {
  // Those that were cancelled were so on purpose: who means them says so.
  if (what == What::retry) return {State::failed};
  return {State::blocked, State::scheduled, State::ready, State::leased};
}

/// Of the states that are named those in which it can be done: maybe none.
TaskFilter bulk_filter(const Fields& fields, What what) {
  TaskFilter filter;
  filter.states = states_for(what);
  if (const bj::value* states = fields.find("states"); states != nullptr) {
    filter.states.clear();
    for (const bj::value& name : states->get_array()) {
      const State state = parse_state(std::string_view(name.get_string())).value();
      if (suits(what, state)) filter.states.push_back(state);
    }
  }
  filter.queue = fields.text("queue");
  filter.kind = fields.text("kind");
  filter.definition = fields.text("definition");
  filter.created_by = fields.text("created_by");
  filter.text = fields.text("text");
  if (const bj::value* labels = fields.find("label"); labels != nullptr) {
    for (const bj::value& label : labels->get_array()) {
      filter.labels.push_back(read_label(std::string_view(label.get_string())));
    }
  }
  if (fields.has("created_after")) {
    filter.created_after = parse_time(fields.text("created_after")).value();
  }
  if (fields.has("created_before")) {
    filter.created_before = parse_time(fields.text("created_before")).value();
  }
  return filter;
}

/// One call that changes all tasks that a filter chooses.
class Bulk {
 public:
  Bulk(const ApiParts& parts, const Call& call, What what)
      : parts_(parts), who_(call.who), rules_(parts, call.who), event_(event_of(what, call)) {
    const Fields fields(call.body.get_object());
    params_.filter = bulk_filter(Fields(fields.object("filter")), what);
    params_.order = PageOrder::oldest_first;
    params_.limit = kBulkPage;
    params_.looked_max = kBulkLooked;
    params_.bytes_max = kBulkBytes;
    preview_ = fields.flag("preview", false);
  }

  Answer<Reply> run();

 private:
  void ask_rules(const std::vector<Task>& tasks);
  void change(const Task& task);

  Answer<void> may_change_it(const Task& task);

  const ApiParts& parts_;
  const Principal& who_;
  RuleCall rules_;
  const Event event_;
  PageParams params_;
  bool preview_ = false;
  std::int64_t matched_ = 0;
  std::int64_t changed_ = 0;
  bj::array failed_;
};

Answer<Reply> Bulk::run() {
  bool more = !params_.filter.states.empty();
  const SteadyTime until = parts_.clock.steady_now() + kBulkTime;
  // A preview writes nothing, and so counts them all.
  while (more && parts_.clock.steady_now() < until &&
         (preview_ || matched_ < static_cast<std::int64_t>(kBulkMax))) {
    const auto page = parts_.ledger.reader.page(params_);
    if (!page) return refuse(page.error());
    if (!preview_) ask_rules(page->tasks);
    for (const Task& task : page->tasks) {
      ++matched_;
      if (!preview_) change(task);
    }
    params_.cursor = page->next_cursor;
    more = !page->next_cursor.empty();
  }
  return json_response(bj::object{{"matched", matched_},
                                  {"changed", changed_},
                                  {"failed", std::move(failed_)},
                                  {"more", more}});
}

void Bulk::ask_rules(const std::vector<Task>& tasks) {
  std::vector<const TaskRequest*> requests;
  for (const Task& task : tasks) requests.push_back(&task.request);
  rules_.ask(requests);
}

Answer<void> Bulk::may_change_it(const Task& task) {
  if (auto ruled = rules_.check(task.request); !ruled) return ruled;
  if (!std::holds_alternative<event::Retry>(event_)) return {};
  return may_start_by(parts_, who_, task.request);
}

void Bulk::change(const Task& task) {
  if (const auto ruled = may_change_it(task); !ruled) {
    failed_.push_back(
        bj::object{{"id", to_string(task.id())}, {"problem", problem_to_json(ruled.error())}});
    return;
  }
  const auto changed = change_task(parts_.ledger, task.id(), event_, parts_.chance());
  if (changed) {
    ++changed_;
    return;
  }
  failed_.push_back(bj::object{{"id", to_string(task.id())},
                               {"problem", problem_to_json(problem_of(changed.error()))}});
}

}  // namespace

Answer<void> may_change(const ApiParts& parts, const Call& call, const Uuid& id) {
  const bool is_operator = may(call.who.role, Right::operate);
  if (is_operator && parts.rules == nullptr) return {};
  const auto task = parts.ledger.reader.get(id);
  if (!task) return refuse(task.error());
  if (auto ruled = check_rules(parts, call.who, task->request); !ruled) {
    return refuse(std::move(ruled.error()));
  }
  if (is_operator || task->request.created_by == call.who.name) return {};
  return refuse(Error{.code = Code::permission_denied,
                      .message = "a " + std::string(to_string(call.who.role)) +
                                 " may change only the tasks that it made itself; this one is of " +
                                 task->request.created_by});
}

void add_change_handlers(const ApiParts& parts, Handlers& handlers) {
  const auto one = [&parts](What what) {
    return [&parts, what](const Call& call) { return change_one(parts, call, what); };
  };
  const auto many = [&parts](What what) {
    return [&parts, what](const Call& call) { return Bulk(parts, call, what).run(); };
  };
  handlers["cancelTask"] = one(What::cancel);
  handlers["retryTask"] = one(What::retry);
  handlers["cancelTasks"] = many(What::cancel);
  handlers["retryTasks"] = many(What::retry);
}

}  // namespace waybill::http
