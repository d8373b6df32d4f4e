#include "core/notify.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "core/task_json.h"

namespace waybill {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;

/// A mail server that greylists lets a message through after minutes; one that is away comes back
/// within hours. With these, twelve attempts in about six hours.
constexpr RetryPolicy kNotifyRetry = {.failures_max = 12,
                                      .worker_deaths_max = 5,
                                      .backoff_first = 30s,
                                      .backoff_max = 1h,
                                      .backoff_factor = 2.0,
                                      .jitter = 0.2};
/// Of one attempt.
constexpr Duration kNotifyRunTimeMax = 10min;
constexpr std::size_t kErrorBytesMax = 4 << 10;
constexpr std::size_t kJsonBytesMax = 16 << 10;

/// UTF-8, whatever it was: a ledger must be able to keep it.
std::string short_text(const std::string& text) {
  std::string mended = mend_utf8(text);
  if (mended.size() <= kErrorBytesMax) return mended;
  return std::string(utf8_prefix(mended, kErrorBytesMax)) + "…";
}

/// Null for what is long.
bj::value short_json(const std::string& text) {
  return text.size() <= kJsonBytesMax ? text_to_json(text) : bj::value(nullptr);
}

bj::object labels_object(const Labels& labels) {
  bj::object object;
  for (const auto& [name, value] : labels) object[mend_utf8(name)] = json::text(mend_utf8(value));
  return object;
}

/// How long something took, to the millisecond; empty if it never began.
std::string time_taken(Time from, Time until) {
  if (from == Time{} || until < from) return "";
  return format_duration(std::chrono::round<std::chrono::milliseconds>(until - from));
}

struct Told {
  std::string name;
  State outcome = State::failed;
  std::string error;
  std::string duration;
  std::string look;
};

bj::object facts_object(const Told& told) {
  return {{"name", json::text(told.name)},
          {"outcome", json::text(to_string(told.outcome))},
          {"error", json::text_or_null(told.error)},
          {"duration", json::text_or_null(told.duration)},
          {"look", json::text(told.look)}};
}

std::string error_of(const Change& change) {
  const TaskStatus& after = change.after;
  if (after.state == State::succeeded) return "";
  return short_text(after.state == State::cancelled ? change.entry.reason : after.error);
}

bj::object facts_of(const Task& task, const Change& change) {
  const TaskRequest& request = task.request;
  const TaskStatus& after = change.after;
  const std::string id = to_string(task.id());
  const std::string error = error_of(change);
  bj::object facts = facts_object(
      {.name = request.definition.empty() ? request.kind : request.definition,
       .outcome = after.state,
       .error = error,
       .duration = after.attempt == 0 ? "" : time_taken(after.started_at, after.finished_at),
       .look = "waybill task show " + id});
  facts["task"] = bj::object{{"id", id},
                             {"kind", request.kind},
                             {"definition", json::text_or_null(request.definition)},
                             {"queue", request.queue},
                             {"priority", request.priority},
                             {"labels", labels_object(request.labels)},
                             {"params", short_json(request.params)},
                             {"result", short_json(after.result)},
                             {"error", json::text_or_null(error)},
                             {"attempt", after.attempt},
                             {"worker", json::text_or_null(short_text(after.worker))},
                             {"created_by", json::text_or_null(short_text(request.created_by))},
                             {"created_at", time_to_json(task.created_at)},
                             {"started_at", time_to_json(after.started_at)},
                             {"finished_at", time_to_json(after.finished_at)}};
  return facts;
}

State outcome_of(pipeline::RunState state) {
  if (state == pipeline::RunState::succeeded) return State::succeeded;
  return state == pipeline::RunState::failed ? State::failed : State::cancelled;
}

bj::object facts_of(const pipeline::KeptRun& run) {
  const std::string id = to_string(run.id);
  const std::string error = short_text(run.error);
  bj::object facts = facts_object({.name = run.pipeline,
                                   .outcome = outcome_of(run.state),
                                   .error = error,
                                   .duration = time_taken(run.started_at, run.ended_at),
                                   .look = "waybill run show " + id});
  facts["run"] = bj::object{{"id", id},
                            {"pipeline", run.pipeline},
                            {"params", short_json(run.params)},
                            {"outputs", short_json(run.outputs)},
                            {"error", json::text_or_null(error)},
                            {"created_by", json::text_or_null(short_text(run.created_by))},
                            {"created_at", time_to_json(run.created_at)},
                            {"started_at", time_to_json(run.started_at)},
                            {"finished_at", time_to_json(run.ended_at)}};
  return facts;
}

/// What is nested as deeply as JSON may be cannot stand within something else.
std::string text_of(const bj::object& facts) {
  std::string text = json::serialize(facts);
  if (json::parse(text)) return text;
  bj::object shallow = facts;
  for (const char* of : {"task", "run"}) {
    bj::value* const found = shallow.if_contains(of);
    if (found == nullptr) continue;
    for (const char* deep : {"params", "result", "outputs"}) {
      if (found->get_object().contains(deep)) found->get_object()[deep] = nullptr;
    }
  }
  return json::serialize(shallow);
}

/// The tasks of those rules that want this outcome. `of` tells it from all other outcomes.
std::vector<TaskRequest> requests_for(const std::string& notify, State outcome,
                                      const std::string& of, const bj::object& facts) {
  std::vector<TaskRequest> requests;
  const auto rules = read_notify(notify);
  // What a ledger kept is what was checked when it was accepted; there is nobody to tell here.
  if (!rules) return requests;
  const std::string params = text_of(facts);
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const NotifyRule& rule = (*rules)[i];
    if (std::ranges::find(rule.on, outcome) == rule.on.end()) continue;
    TaskRequest request = notification_request(rule, params);
    request.id = uuid_v5(kTaskNamespace, "notify/" + of + "/" + std::to_string(i));
    request.created_by = "notify:" + of.substr(0, of.find('/'));
    requests.push_back(std::move(request));
  }
  return requests;
}

std::optional<NotifyRule> read_notify_rule(const bj::value& value) {
  if (!value.is_object()) return std::nullopt;
  const bj::object& object = value.get_object();
  const bj::value* on = object.if_contains("on");
  const bj::value* kind = object.if_contains("kind");
  const bj::value* spec = object.if_contains("spec");
  if (on == nullptr || !on->is_array() || kind == nullptr || !kind->is_string()) return {};
  if (spec == nullptr || !spec->is_object()) return std::nullopt;
  NotifyRule rule{
      .on = {}, .kind = std::string(kind->get_string()), .spec = json::serialize(*spec)};
  for (const bj::value& each : on->get_array()) {
    const auto state = each.is_string() ? parse_state(std::string_view(each.get_string()))
                                        : std::optional<State>();
    if (!state) return std::nullopt;
    rule.on.push_back(*state);
  }
  return rule;
}

/// "https://chat.example/…"
std::string place_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return "…";
  const std::size_t begin = scheme + std::string_view("://").size();
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  std::string_view host = url.substr(begin, end - begin);
  if (const std::size_t at = host.rfind('@'); at != host.npos) host.remove_prefix(at + 1);
  std::string place(url.substr(0, begin));
  place += host;
  return end < url.size() ? place + "/…" : place;
}

bj::object shown_rule(const NotifyRule& rule) {
  bj::array on;
  for (const State state : rule.on) on.push_back(json::text(to_string(state)));
  bj::object shown{{"on", std::move(on)},
                   {"kind", rule.kind},
                   {"to", bj::array()},
                   {"url", nullptr},
                   {"secrets", bj::array()}};
  const bj::value spec = text_to_json(rule.spec);
  if (!spec.is_object()) return shown;
  for (const char* const list : {"to", "secrets"}) {
    const bj::value* const found = spec.get_object().if_contains(list);
    if (found != nullptr && found->is_array()) shown[list] = *found;
  }
  const bj::value* const url = spec.get_object().if_contains("url");
  if (url != nullptr && url->is_string()) shown["url"] = json::text(place_of(url->get_string()));
  return shown;
}

}  // namespace

bj::value notify_to_json(std::string_view json) {
  const auto rules = read_notify(json);
  if (!rules) return nullptr;
  bj::array shown;
  for (const NotifyRule& rule : *rules) shown.push_back(shown_rule(rule));
  return shown;
}

std::string notify_json(std::span<const NotifyRule> rules) {
  if (rules.empty()) return "";
  bj::array array;
  for (const NotifyRule& rule : rules) {
    bj::array on;
    for (const State state : rule.on) on.push_back(json::text(to_string(state)));
    array.push_back(
        bj::object{{"on", std::move(on)}, {"kind", rule.kind}, {"spec", text_to_json(rule.spec)}});
  }
  return json::serialize(array);
}

Result<std::vector<NotifyRule>> read_notify(std::string_view json) {
  std::vector<NotifyRule> rules;
  if (json.empty()) return rules;
  const auto value = json::parse(json);
  if (!value || !value->is_array()) {
    return fail(Code::data_loss, "the rules of a task's notifications cannot be read");
  }
  for (const bj::value& each : value->get_array()) {
    auto rule = read_notify_rule(each);
    if (!rule) return fail(Code::data_loss, "a rule of a task's notifications cannot be read");
    rules.push_back(std::move(*rule));
  }
  return rules;
}

std::string merge_notify(const std::string& first, const std::string& second) {
  if (first.empty() || first == second) return second;
  if (second.empty()) return first;
  auto rules = read_notify(first);
  auto more = read_notify(second);
  if (!rules || !more) return rules ? first : second;
  for (NotifyRule& rule : *more) {
    if (std::ranges::find(*rules, rule) == rules->end()) rules->push_back(std::move(rule));
  }
  return notify_json(*rules);
}

TaskRequest notification_request(const NotifyRule& rule, std::string params) {
  return {.queue = std::string(kNotifyQueue),
          .kind = rule.kind,
          .spec = rule.spec,
          .params = std::move(params),
          .run_time_max = kNotifyRunTimeMax,
          .retry = kNotifyRetry};
}

std::vector<TaskRequest> notifications_of(const Task& task, const Change& change) {
  if (task.request.notify.empty()) return {};
  return requests_for(task.request.notify, change.after.state,
                      to_string(task.id()) + "/" + std::to_string(change.after.revision),
                      facts_of(task, change));
}

std::vector<TaskRequest> notifications_of(const pipeline::KeptRun& run, const std::string& notify) {
  if (notify.empty()) return {};
  return requests_for(notify, outcome_of(run.state), to_string(run.id) + "/run", facts_of(run));
}

}  // namespace waybill
