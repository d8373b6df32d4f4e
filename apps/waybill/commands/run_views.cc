#include "apps/waybill/commands/run_views.h"

#include <algorithm>
#include <map>

#include "apps/waybill/commands/views.h"

namespace waybill::cli {
namespace {

using pipeline::BegunAs;
using pipeline::KeptNode;
using pipeline::NodeState;
using pipeline::PlanStep;

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "-" : text;
}

std::string does(const pipeline::StepDefinition& step) {
  switch (step.kind) {
    case pipeline::StepKind::task:
      return step.inline_task ? "a " + step.inline_task->kind : "task " + step.task;
    case pipeline::StepKind::pipeline:
      return "pipeline " + step.pipeline;
    case pipeline::StepKind::wait:
      return "wait " + step.wait;
  }
  return "";
}

std::string times(const pipeline::StepDefinition& step) {
  if (!step.matrix.empty()) return "each of " + step.matrix;
  return step.for_each.empty() ? "once" : "each of " + step.for_each;
}

void add_plan_steps(const pipeline::PlanPipeline& steps, const std::string& prefix, Table& table) {
  for (const PlanStep& step : steps.steps) {
    const pipeline::StepDefinition& of = step.definition;
    table.add({prefix + of.name, does(of), list_of(of.needs), times(of),
               of.condition.empty() ? "-" : of.condition});
    if (step.pipeline != nullptr) {
      add_plan_steps(*step.pipeline, prefix + of.name + (step.expansion ? "[]/" : "/"), table);
    }
  }
}

std::string remark_on_node(const KeptNode& node) {
  if (node.is_reused) return "reused";
  const bool is_open = node.record.state == NodeState::running;
  if (is_open && node.wait && node.wait->kind == pipeline::WaitKind::approval) {
    return node.decision ? "answered" : "waits for an approval";
  }
  if (is_open && node.wait && node.wait->kind == pipeline::WaitKind::http) {
    return "asks " + node.wait->url;
  }
  if (is_open && node.wait) return "waits until " + to_the_second(node.wait->until);
  if (!node.record.error.empty()) return node.record.error;
  return node.record.outputs;
}

/// How the steps of the outermost pipeline stand, with how many of their instances have ended.
struct StepView {
  std::string state = "not begun";
  std::size_t instances = 0;
  std::size_t ended = 0;
};
std::map<std::string, StepView> views_of(const std::vector<KeptNode>& nodes) {
  std::map<std::string, StepView> views;
  for (const KeptNode& node : nodes) {
    if (node.path.empty() || node.path.find('/') != node.path.npos) continue;
    const std::size_t bracket = node.path.find('[');
    StepView& view = views[node.path.substr(0, bracket)];
    if (bracket == node.path.npos) {
      view.state = to_string(node.record.state);
      if (node.is_reused) view.state = "reused";
    } else {
      ++view.instances;
      if (node.record.state != NodeState::running) ++view.ended;
    }
  }
  return views;
}

std::string label_of(const StepView& view) {
  if (view.instances == 0) return view.state;
  return view.state + ", " + std::to_string(view.ended) + " of " + std::to_string(view.instances);
}

/// How many steps come before one at least; 0: it needs none.
std::vector<std::size_t> depths_of(const pipeline::PlanPipeline& steps) {
  std::vector<std::size_t> depths(steps.steps.size(), 0);
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::size_t i = 0; i < steps.steps.size(); ++i) {
      for (const std::uint32_t need : steps.steps[i].needs) {
        if (depths[i] > depths[need]) continue;
        depths[i] = depths[need] + 1;
        changed = true;
      }
    }
  }
  return depths;
}

}  // namespace

Cell run_state_cell(pipeline::RunState state) {
  const std::string text(to_string(state));
  switch (state) {
    case pipeline::RunState::waiting:
      return {text, Colour::yellow};
    case pipeline::RunState::running:
      return {text, Colour::blue};
    case pipeline::RunState::succeeded:
      return {text, Colour::green};
    case pipeline::RunState::failed:
      return {text, Colour::red};
    case pipeline::RunState::cancelled:
      return {text, Colour::grey};
  }
  return {text, Colour::none};
}

Cell node_state_cell(NodeState state) {
  const std::string text(to_string(state));
  switch (state) {
    case NodeState::running:
      return {text, Colour::blue};
    case NodeState::succeeded:
      return {text, Colour::green};
    case NodeState::failed:
      return {text, Colour::red};
    case NodeState::cancelled:
    case NodeState::skipped:
      return {text, Colour::grey};
  }
  return {text, Colour::none};
}

std::string plan_text(const pipeline::Plan& plan, const Output& output) {
  Table table({"STEP", "DOES", "NEEDS", "TIMES", "IF"});
  add_plan_steps(plan.root(), "", table);
  return table.text(output);
}

std::string run_text(const pipeline::KeptRun& run, Time now) {
  std::string text = "run         " + to_string(run.id) + "\npipeline    " + run.pipeline +
                     "\nstate       " + std::string(to_string(run.state)) + "\nparams      " +
                     printable(run.params, 1000) + "\ncreated     " +
                     to_the_second(run.created_at) + " by " + printable(run.created_by) + "\n";
  if (run.ended_at != Time{}) {
    text += "ended       " + to_the_second(run.ended_at) + ", after " +
            rounded(run.ended_at - run.created_at) + "\n";
  } else {
    text += "runs for    " + rounded(now - run.created_at) + "\n";
  }
  if (!run.reuse_from.is_nil()) text += "reuses      " + to_string(run.reuse_from) + "\n";
  if (run.stop.stop != pipeline::Stop::none && !is_ended(run.state)) {
    text += "is to end   as " + printable(run.stop.by) + " asked\n";
  }
  if (!run.error.empty()) text += "error       " + printable(run.error, 1000) + "\n";
  if (!run.outputs.empty()) text += "outputs     " + printable(run.outputs, 1000) + "\n";
  return text;
}

std::string nodes_text(const std::vector<KeptNode>& nodes, const Output& output) {
  std::vector<const KeptNode*> shown;
  for (const KeptNode& node : nodes) {
    if (!node.path.empty()) shown.push_back(&node);
  }
  std::ranges::stable_sort(shown, {}, [](const KeptNode* node) { return node->began_at; });
  Table table({"STEP", "STATE", "TOOK", "REMARK"});
  for (const KeptNode* node : shown) {
    const bool ended = node->ended_at != Time{} && node->kind != BegunAs::none;
    table.add({node->path, node_state_cell(node->record.state),
               ended ? rounded(node->ended_at - node->began_at) : "-",
               printable(remark_on_node(*node), 80)});
  }
  return table.empty() ? "" : table.text(output);
}

std::string graph_of(const GraphParams& params) {
  const pipeline::PlanPipeline& root = params.plan.root();
  auto views = views_of(params.nodes);
  std::string text;
  if (params.form == GraphForm::dot) text = "digraph run {\n  rankdir=LR;\n";
  if (params.form == GraphForm::mermaid) text = "flowchart LR\n";
  const std::vector<std::size_t> depths = depths_of(root);
  std::vector<std::size_t> order(root.steps.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return depths[i]; });
  for (const std::size_t i : order) {
    const pipeline::StepDefinition& step = root.steps[i].definition;
    const std::string label = label_of(views[step.name]);
    // Names of steps are of letters, digits, - and _: nothing of them needs escapes.
    if (params.form == GraphForm::text) {
      text += std::string(2 * depths[i], ' ') + step.name + "  " + label +
              (step.needs.empty() ? "" : "  <- " + list_of(step.needs)) + "\n";
      continue;
    }
    const bool is_dot = params.form == GraphForm::dot;
    const std::string name = is_dot ? "\"" + step.name + "\"" : "s" + std::to_string(i);
    text += "  " + name +
            (is_dot ? " [label=\"" + step.name + "\\n" + label + "\"];\n"
                    : "[\"" + step.name + "<br/>" + label + "\"]\n");
    for (const std::uint32_t need : root.steps[i].needs) {
      const std::string from =
          is_dot ? "\"" + root.steps[need].definition.name + "\"" : "s" + std::to_string(need);
      text += "  " + from + (is_dot ? " -> " + name + ";\n" : " --> " + name + "\n");
    }
  }
  if (params.form == GraphForm::dot) text += "}\n";
  return text;
}

}  // namespace waybill::cli
