#include "http/api/run_rules.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "core/definition_read.h"
#include "core/pipeline/start_spec.h"
#include "http/api/rule_call.h"
#include "services/run_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// What expressions see before a run begins: its params.
class ParamsAlone final : public pipeline::Names {
 public:
  explicit ParamsAlone(const bj::value& params) : params_(params) {}
  const bj::value* find(std::string_view context) const override {
    return context == "params" ? &params_ : nullptr;
  }
  const bj::value* find_member(std::string_view, std::string_view) const override {
    return nullptr;
  }
  bool status(pipeline::StatusFunction) const override { return true; }

 private:
  const bj::value& params_;
};

Answer<void> check_rule_of(const ApiParts& parts, const Principal& who, const WhoMay& rule,
                           const std::string& params) {
  if (parts.rules == nullptr) return {};
  const Deadline deadline{.at = parts.clock.steady_now() + kRuleCallPatience};
  return refuse_unless_allowed(parts.rules->may_by(who, rule, params, deadline));
}

Answer<void> check_pipeline(const ApiParts& parts, const Principal& who, const std::string& name,
                            const std::string& params) {
  const auto now = parts.runs->definitions();
  const auto found = now->pipelines.find(name);
  if (found == now->pipelines.end() || !found->second.who_may) return {};
  return check_rule_of(parts, who, *found->second.who_may, params);
}

/// The params of a step's task as far as they are known before the run.
std::string params_of(const pipeline::PlanStep& step, const bj::value* params) {
  if (params != nullptr) {
    pipeline::EvaluationBudget budget;
    const auto known = step.with->evaluate(ParamsAlone(*params), budget);
    if (known) return json::serialize(*known);
  }
  return step.definition.with;
}

}  // namespace

Answer<void> may_start(const ApiParts& parts, const Principal& who, const pipeline::Plan& plan,
                       const std::string& params) {
  if (parts.rules == nullptr) return {};
  RuleCall rules(parts, who);
  const auto given = json::parse(params);
  for (const auto& [name, definition] : plan.pipelines()) {
    const bool is_root = name == plan.root().definition.name;
    if (auto may = check_pipeline(parts, who, name, is_root ? params : "{}"); !may) return may;
  }
  // A pipeline that others lead to runs with params that nobody knows yet.
  std::vector<const pipeline::PlanPipeline*> all = {&plan.root()};
  for (std::size_t at = 0; at < all.size(); ++at) {
    const bool is_root = at == 0;
    const pipeline::PlanPipeline& steps = *all[at];
    for (const pipeline::PlanStep& step : steps.steps) {
      if (step.pipeline != nullptr && std::ranges::find(all, step.pipeline) == all.end()) {
        all.push_back(step.pipeline);
      }
      if (step.definition.kind != pipeline::StepKind::task) continue;
      const bj::value* known = is_root && given ? &*given : nullptr;
      const TaskRequest request =
          pipeline::make_request(step, steps.definition, params_of(step, known));
      if (auto may = rules.check(request); !may) {
        may.error().detail = "step " + step.definition.name + ": " + may.error().detail;
        return may;
      }
    }
  }
  return {};
}

Answer<void> may_start_by(const ApiParts& parts, const Principal& who, const TaskRequest& task) {
  if (task.kind != pipeline::kStartKind || parts.rules == nullptr) return {};
  const auto spec = pipeline::read_start_spec(task.spec);
  if (!spec) return refuse(spec.error());
  const auto plan = parts.runs->plan(spec->pipeline);
  if (!plan) return refuse(plan.error());
  return may_start(parts, who, **plan, task.params);
}

Answer<void> may_change_run(const ApiParts& parts, const Principal& who,
                            const pipeline::KeptRun& run) {
  if (auto ruled = check_pipeline(parts, who, run.pipeline, run.params); !ruled) return ruled;
  if (may(who.role, Right::operate) || run.created_by == who.name) return {};
  return refuse(Error{.code = Code::permission_denied,
                      .message = "a " + std::string(to_string(who.role)) +
                                 " may change only the runs that it started itself; this one is "
                                 "of " +
                                 run.created_by});
}

Answer<void> may_decide(const ApiParts& parts, const Principal& who, const pipeline::KeptRun& run,
                        const pipeline::Wait& wait) {
  if (wait.who_may.empty()) {
    const auto plan = parts.runs->plan_of(run);
    if (!plan) return refuse(plan.error());
    return may_start(parts, who, **plan, run.params);
  }
  const auto unreadable = [&] {
    return refuse(Error{.code = Code::permission_denied,
                        .message = "who may approve this cannot be read: nobody may"});
  };
  const auto given = json::parse(wait.who_may);
  if (!given || !given->is_object()) return unreadable();
  const bj::object holder = {{"who_may", *given}};
  std::vector<SchemaViolation> violations;
  const std::string none;
  const auto rule =
      read_who_may({.name = "", .object = holder, .file = none, .directory = none}, violations);
  if (!rule || !violations.empty()) return unreadable();
  if (parts.rules != nullptr) return check_rule_of(parts, who, *rule, run.params);
  // Without the rules' desk nobody can be asked about a repository.
  if (fits_without_asking(*rule, who)) return {};
  return refuse(Error{.code = Code::permission_denied,
                      .message = who.name + " is none of those who may approve this"});
}

}  // namespace waybill::http
