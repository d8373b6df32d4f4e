#include "core/pipeline/run.h"

#include <algorithm>
#include <utility>

#include "core/pipeline/run_engine.h"
#include "core/suggest.h"

namespace waybill::pipeline {
namespace {

struct Recorder {
  Records& records;

  void operator()(const action::Start& start) const {
    records[start.path] = {.fingerprint = start.fingerprint,
                           .bytes = start.task.params.size() + start.task.spec.size()};
  }
  void operator()(const action::BeginWait& wait) const {
    records[wait.path] = {.due = wait.due, .fingerprint = wait.fingerprint, .bytes = wait.bytes};
  }
  void operator()(const action::Open& open) const {
    records[open.path] = {.due = open.due, .bytes = open.bytes};
  }
  void operator()(const action::Finish& finish) const {
    Record& record = records[finish.path];
    record.state = finish.state;
    record.outputs = finish.outputs;
    record.artifacts = finish.artifacts;
    record.error = finish.error;
    if (finish.is_reused) record.fingerprint = finish.fingerprint;
  }
  void operator()(const action::Cancel& cancel) const {
    Record& record = records[cancel.path];
    record.stop = cancel.stop;
    record.error = cancel.reason;
  }
};

}  // namespace

std::string_view to_string(NodeState state) {
  switch (state) {
    case NodeState::running:
      return "running";
    case NodeState::succeeded:
      return "succeeded";
    case NodeState::failed:
      return "failed";
    case NodeState::cancelled:
      return "cancelled";
    case NodeState::skipped:
      return "skipped";
  }
  return "";
}

const std::string& path_of(const Action& action) {
  return std::visit([](const auto& each) -> const std::string& { return each.path; }, action);
}

void record(Records& records, const Action& action) { std::visit(Recorder{records}, action); }

Uuid task_id(const Uuid& run, std::string_view path) { return uuid_v5(run, path); }

Run::Run(std::unique_ptr<RunEngine> engine) : engine_(std::move(engine)) {}
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;
Run::~Run() = default;

Result<Run> Run::open(std::shared_ptr<const Plan> plan, RunRequest request, const Records& stored) {
  auto engine = std::make_unique<RunEngine>(std::move(plan), std::move(request), stored);
  if (auto s = engine->open(); !s) return fail(s.error());
  return Run(std::move(engine));
}

void Run::ended(const Ended& what) { engine_->ended(what); }
void Run::cancel(Stop stop, std::string reason) { engine_->cancel(stop, std::move(reason)); }
std::vector<Action> Run::take(Time now) { return engine_->take(now); }
Time Run::next_at() const { return engine_->next_at(); }
bool Run::is_finished() const { return engine_->is_finished(); }

Result<Advance> advance(const std::shared_ptr<const Plan>& plan, const RunRequest& request,
                        const Records& stored, const std::vector<Ended>& ended, Time now) {
  auto run = Run::open(plan, request, stored);
  if (!run) return fail(run.error());
  for (const Ended& each : ended) run->ended(each);
  Advance result{.actions = run->take(now)};
  result.next_at = run->next_at();
  return result;
}

Status check_anew(const Plan& plan, const std::vector<std::string>& anew) {
  const PlanPipeline& root = plan.root();
  for (const std::string& name : anew) {
    if (root.indices.contains(name)) continue;
    const std::string what = "pipeline " + root.definition.name + " has no step \"" + name + "\"";
    const std::string outer = name.substr(0, name.find_first_of("[/"));
    if (root.indices.contains(outer)) {
      return fail(Code::invalid_argument,
                  what + " of its own; name all of \"" + outer + "\", which that is part of");
    }
    std::vector<std::string> known;
    for (const StepDefinition& step : root.definition.steps) known.push_back(step.name);
    return fail(Code::invalid_argument, what + did_you_mean(name, known));
  }
  return {};
}

std::map<std::string, Reusable> reusable_of(const Plan& plan, const Records& records,
                                            const std::vector<std::string>& anew) {
  if (!check_anew(plan, anew)) return {};
  const PlanPipeline& root = plan.root();
  std::vector<char> again(root.steps.size(), 0);
  std::vector<std::uint32_t> left;
  for (const std::string& name : anew) left.push_back(root.indices.at(name));
  while (!left.empty()) {
    const std::uint32_t step = left.back();
    left.pop_back();
    if (std::exchange(again[step], 1) != 0) continue;
    left.insert(left.end(), root.steps[step].needed_by.begin(), root.steps[step].needed_by.end());
  }
  std::map<std::string, Reusable> reusable;
  for (const auto& [path, record] : records) {
    if (record.state != NodeState::succeeded || record.fingerprint.empty()) continue;
    const auto step = root.indices.find(path.substr(0, path.find_first_of("[/")));
    if (step == root.indices.end() || again[step->second] != 0) continue;
    reusable.emplace(path, Reusable{record.fingerprint, record.outputs, record.artifacts});
  }
  return reusable;
}

}  // namespace waybill::pipeline
