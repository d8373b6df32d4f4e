#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "core/task_json.h"
#include "services/task_facts.h"

namespace waybill::cli {
namespace {

void print(Output& output, const WhyParams& params, const std::vector<WhyCondition>& conditions) {
  std::string text = to_string(params.task.id()) + " is " +
                     std::string(to_string(params.task.status.state)) + ": ";
  for (const WhyCondition& condition : conditions) {
    if (&condition != &conditions.front()) text += "then: ";
    text += printable(condition.sentence, 1000) + "\n";
    const bool ended = condition.reason == WhyReason::finished;
    if (condition.earliest) {
      text += "  can change " +
              (*condition.earliest <= params.now ? "at any moment"
                                                 : relative(*condition.earliest, params.now)) +
              "\n";
    } else if (condition.reason == WhyReason::dependency_pending) {
      text += "  can change when that task ends\n";
    } else if (!ended) {
      text += "  can change when somebody acts\n";
    }
    if (!condition.advice.empty()) text += "  see: " + condition.advice + "\n";
  }
  output.data(text);
}

Exit explain_task(Session& session, const Invocation& invocation) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  auto task = find_task((*store)->reader(), invocation.positionals[0]);
  if (!task) return fail(task.error());
  const auto params = facts_about(parts_of(**store), std::move(*task));
  if (!params) return fail(params.error());
  const auto conditions = why(*params);
  if (session.output().json()) {
    session.output().json_line(why_to_json(*params, conditions));
  } else {
    print(session.output(), *params, conditions);
  }
  return 0;
}

}  // namespace

Command task_why_command() {
  return {.path = "task why",
          .summary = "Say what keeps a task from going on, and when that can change",
          .examples = {"waybill task why 0192f3c1-7a52"},
          .positionals = {{"ID", "the task's id, or its beginning"}},
          .run = explain_task};
}

}  // namespace waybill::cli
