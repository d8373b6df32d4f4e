#include "core/notify_text.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "core/pipeline/template.h"
#include "core/suggest.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::array<std::string_view, 9> kContexts = {
    "name", "outcome", "error", "duration", "look", "summary", "task", "run", "params"};

std::string member_text(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(bj::string_view(name.data(), name.size()));
  return value == nullptr ? "" : pipeline::value_text(*value);
}

void add_line(std::string& text, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  text.append("  ").append(name).append(12 - name.size(), ' ').append(value).append("\n");
}

/// What people want to know first, one thing a line.
std::string summary_of(const bj::object& facts) {
  const bj::value* task = facts.if_contains("task");
  const bj::value* run = facts.if_contains("run");
  const bool is_run = run != nullptr && run->is_object();
  const std::string outcome = member_text(facts, "outcome");
  std::string text = (is_run ? "The run of " : "The task ") + member_text(facts, "name") +
                     (outcome == "cancelled" ? " was " : " ") + outcome + ".\n\n";
  if (is_run) {
    const bj::object& fields = run->get_object();
    add_line(text, "run", member_text(fields, "id"));
    add_line(text, "started by", member_text(fields, "created_by"));
    add_line(text, "ended at", member_text(fields, "finished_at"));
  } else if (task != nullptr && task->is_object()) {
    const bj::object& fields = task->get_object();
    add_line(text, "task", member_text(fields, "id"));
    add_line(text, "kind", member_text(fields, "kind"));
    add_line(text, "queue", member_text(fields, "queue"));
    add_line(text, "attempt", member_text(fields, "attempt"));
    add_line(text, "made by", member_text(fields, "created_by"));
    add_line(text, "ended at", member_text(fields, "finished_at"));
  }
  add_line(text, "took", member_text(facts, "duration"));
  const std::string error = member_text(facts, "error");
  if (!error.empty()) text += "\n" + error + "\n";
  const std::string look = member_text(facts, "look");
  if (!look.empty()) text += "\nTo look at it: " + look + "\n";
  return text;
}

class NotifyNames : public pipeline::Names {
 public:
  explicit NotifyNames(const bj::object& facts)
      : facts_(facts),
        all_(facts),
        summary_(json::text(summary_of(facts))),
        outcome_(member_text(facts, "outcome")) {}

  const bj::value* find(std::string_view context) const override {
    if (context == "params") return &all_;
    if (context == "summary") return &summary_;
    return facts_.if_contains(bj::string_view(context.data(), context.size()));
  }
  const bj::value* find_member(std::string_view, std::string_view) const override {
    return nullptr;
  }
  bool status(pipeline::StatusFunction function) const override {
    switch (function) {
      case pipeline::StatusFunction::success:
        return outcome_ == "succeeded";
      case pipeline::StatusFunction::failure:
        return outcome_ == "failed";
      case pipeline::StatusFunction::cancelled:
        return outcome_ == "cancelled";
      case pipeline::StatusFunction::always:
        return true;
    }
    return true;
  }

 private:
  const bj::object& facts_;
  const bj::value all_;
  const bj::value summary_;
  const std::string outcome_;
};

}  // namespace

std::string notify_contexts() {
  std::string names;
  for (const std::string_view name : kContexts)
    names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

Status check_notify_template(std::string_view text) {
  if (text.size() > kNotifyTextBytesMax) {
    return fail(Code::invalid_argument, "it has more than 64 KiB");
  }
  const auto parsing = pipeline::Template::parse(text);
  if (!parsing.result) {
    return fail(Code::invalid_argument, pipeline::to_string(parsing.error));
  }
  for (const pipeline::ExpressionRead& read : parsing.result->reads()) {
    if (std::ranges::find(kContexts, read.context) != kContexts.end()) continue;
    const std::vector<std::string> known(kContexts.begin(), kContexts.end());
    return fail(Code::invalid_argument, "there is no \"" + read.context + "\" in a notification" +
                                            did_you_mean(read.context, known) + "; there are " +
                                            notify_contexts());
  }
  return {};
}

Result<std::string> notify_text(std::string_view text, const bj::object& facts) {
  const auto parsing = pipeline::Template::parse(text);
  if (!parsing.result) {
    return fail(Code::invalid_argument, pipeline::to_string(parsing.error));
  }
  pipeline::EvaluationBudget budget;
  const auto value = parsing.result->evaluate(NotifyNames(facts), budget);
  if (!value) return fail(value.error());
  std::string made = pipeline::value_text(*value);
  if (made.size() <= kNotifyTextBytesMax) return made;
  return std::string(utf8_prefix(mend_utf8(made), kNotifyTextBytesMax)) + "…\n";
}

}  // namespace waybill
