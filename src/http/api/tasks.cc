// Tasks are looked at.

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "core/task_json.h"
#include "http/api/cursor.h"
#include "http/api/routes.h"
#include "http/api/rule_call.h"
#include "http/etag.h"
#include "services/task_facts.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// Of tasks that a filter refuses a page looks at no more, so that no query takes for ever.
constexpr std::size_t kLookedMax = 20'000;
PageParams page_params(const Query& query, std::string cursor) {
  PageParams params;
  TaskFilter& filter = params.filter;
  for (const std::string& state : query.texts("state")) {
    filter.states.push_back(parse_state(state).value());
  }
  filter.queue = query.text("queue");
  filter.kind = query.text("kind");
  filter.definition = query.text("definition");
  filter.created_by = query.text("created_by");
  filter.created_after = time_in(query, "created_after");
  filter.created_before = time_in(query, "created_before");
  filter.text = query.text("text");
  filter.labels = labels_in(query);
  params.order =
      query.text("order") == "oldest_first" ? PageOrder::oldest_first : PageOrder::newest_first;
  params.cursor = std::move(cursor);
  params.limit = static_cast<std::size_t>(query.integer("limit"));
  params.looked_max = kLookedMax;
  params.bytes_max = kPageBytesMax;
  return params;
}

Answer<Reply> list_tasks(const ApiParts& parts, const Call& call) {
  auto cursor = cursor_in(call);
  if (!cursor) return refuse(std::move(cursor.error()));
  const auto page = parts.ledger.reader.page(page_params(call.query, std::move(*cursor)));
  if (!page) return refuse(page.error());
  bj::array tasks;
  tasks.reserve(page->tasks.size());
  for (const Task& task : page->tasks) tasks.push_back(task_to_json(task));
  bj::array damaged;
  for (const DamagedTask& task : page->damaged) {
    damaged.push_back(bj::object{{"id", to_string(task.id)}, {"what", json::text(task.what)}});
  }
  return json_response(bj::object{{"tasks", std::move(tasks)},
                                  {"damaged", std::move(damaged)},
                                  {"next_cursor", next_cursor(call, page->next_cursor)}});
}

Answer<Reply> get_task(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  const auto task = parts.ledger.reader.get(*id);
  if (!task) return refuse(task.error());
  return with_etag(call, json_response(task_to_json(*task)), etag_of(*task));
}

Answer<Reply> get_history(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  const auto entries = parts.ledger.reader.history(*id);
  if (!entries) return refuse(entries.error());
  bj::array history;
  for (const HistoryEntry& entry : *entries) history.push_back(history_to_json(entry));
  return json_response(bj::object{{"history", std::move(history)}});
}

Answer<Reply> get_progress(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  const auto reported = parts.ledger.reader.reported(*id);
  if (!reported) return refuse(reported.error());
  bj::value progress = nullptr;
  if (!reported->progress.empty()) {
    auto parsed = json::parse(reported->progress);
    if (!parsed) return refuse_storage(parsed.error());
    progress = std::move(*parsed);
  }
  return json_response(bj::object{{"progress", std::move(progress)}});
}

WhyReason reason_of(const RuleAnswer& answer) {
  switch (answer.is) {
    case RuleAnswer::Is::allowed:
      return WhyReason::allowed;
    case RuleAnswer::Is::denied:
      return WhyReason::not_allowed;
    case RuleAnswer::Is::unknown:
      return WhyReason::permission_unknown;
  }
  return WhyReason::permission_unknown;
}

/// What the rules say of the task: whether it would be run, if not, and whether who asks may start,
/// cancel and retry it.
void add_permission(const ApiParts& parts, const Principal& who, const Task& task,
                    std::vector<WhyCondition>& conditions) {
  if (parts.rules == nullptr) return;
  const Deadline deadline{.at = parts.clock.steady_now() + kRulePatience};
  const auto add = [&](const RuleAnswer& answer) {
    conditions.push_back(
        {.reason = reason_of(answer), .sentence = answer.because, .advice = {}, .earliest = {}});
  };
  if (!is_finished(task.status.state)) {
    const auto run = parts.rules->may_run(task, parts.ledger.reader, deadline);
    if (run && run->is != RuleAnswer::Is::allowed) add(*run);
  }
  if (const auto own = parts.rules->may(who, task.request, deadline)) add(*own);
}

Answer<Reply> explain(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  auto task = parts.ledger.reader.get(*id);
  if (!task) return refuse(task.error());
  const auto facts = facts_about(parts.ledger, std::move(*task));
  if (!facts) return refuse(facts.error());
  auto conditions = why(*facts);
  add_permission(parts, call.who, facts->task, conditions);
  return json_response(why_to_json(*facts, conditions));
}

}  // namespace

std::string etag_of(const Task& task) {
  return "\"" + std::to_string(task.status.revision) + "." +
         std::to_string(to_micros(task.status.lease_until)) + "\"";
}

std::pair<std::string, std::string> read_label(std::string_view text) {
  const std::size_t equals = text.find('=');
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Labels labels_in(const Query& query) {
  Labels labels;
  for (const std::string& label : query.texts("label")) labels.push_back(read_label(label));
  return labels;
}

Response with_etag(const Call& call, Response response, const std::string& etag) {
  // Its body is not sent; what is said of its length is that of the answer that it stands for.
  const std::string_view header = call.request.header("if-none-match");
  if (names_etag(header, etag, EtagsAre::weak)) response.status = 304;
  response.headers.emplace_back("ETag", etag);
  return response;
}

Response with_own_etag(const Call& call, Response response) {
  const std::string etag = "\"" + to_hex(sha256(response.body)).substr(0, 32) + "\"";
  return with_etag(call, std::move(response), etag);
}

Time time_in(const Query& query, std::string_view name) {
  return query.has(name) ? parse_time(query.text(name)).value() : Time{};
}

Answer<Uuid> id_in_path(const Call& call, std::string_view what) {
  const auto id = parse_uuid(call.at("id"));
  if (id) return *id;
  return refuse(Error{.code = Code::not_found,
                      .message = "\"" + call.at("id") + "\" is no " + std::string(what) +
                                 "'s id: those are UUIDs"});
}

Answer<void> check_rules(const ApiParts& parts, const Principal& who, const TaskRequest& task) {
  if (parts.rules == nullptr) return {};
  const auto answer = parts.rules->may(who, task, {.at = parts.clock.steady_now() + kRulePatience});
  return answer ? refuse_unless_allowed(*answer) : Answer<void>();
}

void add_task_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listTasks"] = [&parts](const Call& call) { return list_tasks(parts, call); };
  handlers["getTask"] = [&parts](const Call& call) { return get_task(parts, call); };
  handlers["getTaskProgress"] = [&parts](const Call& call) { return get_progress(parts, call); };
  handlers["getTaskHistory"] = [&parts](const Call& call) { return get_history(parts, call); };
  handlers["explainTask"] = [&parts](const Call& call) { return explain(parts, call); };
}

}  // namespace waybill::http
