#include <utility>

#include "base/log.h"
#include "core/pipeline/plan.h"
#include "services/open_run.h"
#include "services/pipeliner.h"

namespace waybill {
namespace {

using pipeline::BegunAs;
using pipeline::KeptNode;
using pipeline::KeptRun;
using pipeline::NodeState;

constexpr std::size_t kNodesAtOnce = 500;

constexpr std::string_view kNoArtifacts = "{}";

/// A text between a path and all that come before it: paths hold no byte 127.
std::string just_before(std::string path) {
  --path.back();
  return path + '\x7f';
}

/// Where its time limit begins: it does not count how long a run waits for its turn.
Time begun_at(const KeptRun& run) {
  return run.started_at == Time{} ? run.created_at : run.started_at;
}

}  // namespace

Result<std::shared_ptr<const pipeline::Plan>> Pipeliner::plan_of(const KeptRun& run) {
  for (const auto& [id, open] : runs_) {
    if (open->kept.plan == run.plan) return open->plan;
  }
  const auto text = ports_.store.plan(run.plan);
  if (!text) return fail(text.error());
  return pipeline::Plan::read(*text);
}

Result<std::vector<KeptNode>> Pipeliner::all_nodes(const Uuid& run) {
  std::vector<KeptNode> nodes;
  for (;;) {
    auto page = ports_.store.nodes({.run = run,
                                    .states = {},
                                    .after = nodes.empty() ? "" : nodes.back().path,
                                    .with_root = nodes.empty(),
                                    .limit = kNodesAtOnce});
    if (!page) return fail(page.error());
    const bool is_all = page->size() < kNodesAtOnce;
    nodes.insert(nodes.end(), std::make_move_iterator(page->begin()),
                 std::make_move_iterator(page->end()));
    if (is_all) return nodes;
  }
}

Result<std::unique_ptr<Pipeliner::Open>> Pipeliner::open(const KeptRun& run) {
  auto whole = ports_.store.get(run.id);
  if (!whole) return fail(whole.error());
  auto plan = plan_of(run);
  if (!plan) return fail(plan.error());
  auto nodes = all_nodes(run.id);
  if (!nodes) return fail(nodes.error());
  pipeline::RunRequest request{.id = run.id,
                               .params = whole->params,
                               .created_by = whole->created_by,
                               .priority = whole->priority,
                               .created_at = begun_at(*whole),
                               .reusable = {}};
  if (!whole->reuse_from.is_nil()) {
    auto reusable = reusable_for(*whole, **plan);
    if (!reusable) return fail(reusable.error());
    request.reusable = std::move(*reusable);
  }
  auto opened = pipeline::Run::open(*plan, std::move(request), pipeline::records_of(*nodes));
  if (!opened) return fail(opened.error());
  auto made = std::make_unique<Open>();
  made->kept = std::move(*whole);
  made->kept.params.clear();  // the run has them
  made->plan = std::move(*plan);
  made->run = std::make_unique<pipeline::Run>(std::move(*opened));
  if (Status resumed = resume(*made, *nodes); !resumed) {
    for (const auto& [task, path] : made->tasks) run_of_task_.erase(task);
    ports_.urls.drop_run(run.id);
    return fail(resumed.error());
  }
  return made;
}

Result<std::map<std::string, pipeline::Reusable>> Pipeliner::reusable_for(
    const KeptRun& run, const pipeline::Plan& plan) {
  std::map<std::string, pipeline::Reusable> reusable;
  const auto before = ports_.store.get(run.reuse_from);
  // Where retention has removed it, all is done anew.
  if (!before && before.error().code == Code::not_found) return reusable;
  if (!before) return fail(before.error());
  const auto done = all_nodes(before->id);
  if (!done) return fail(done.error());
  reusable = pipeline::reusable_of(plan, pipeline::records_of(*done), run.anew);
  for (const KeptNode& node : *done) {
    const auto found = reusable.find(node.path);
    if (found == reusable.end() || node.record.artifacts.empty()) continue;
    if (node.record.artifacts == kNoArtifacts) continue;
    const auto has = has_its_task(*before, node);
    if (!has) return fail(has.error());
    // Its files went with its task: a step that needs them makes them again.
    if (!*has) found->second.artifacts.clear();
  }
  return reusable;
}

Result<bool> Pipeliner::has_its_task(const KeptRun& run, const KeptNode& node) {
  KeptRun maker = run;
  bool is_reused = node.is_reused;
  while (is_reused) {
    auto before = ports_.store.get(maker.reuse_from);
    if (!before && before.error().code == Code::not_found) return false;
    if (!before) return fail(before.error());
    maker = std::move(*before);
    const auto nodes = ports_.store.nodes({.run = maker.id,
                                           .states = {},
                                           .after = just_before(node.path),
                                           .with_root = false,
                                           .limit = 1,
                                           .with_texts = false});
    if (!nodes) return fail(nodes.error());
    if (nodes->empty() || nodes->front().path != node.path) return false;
    is_reused = nodes->front().is_reused;
  }
  const auto task = ports_.ledger.reader.get(pipeline::task_id(maker.id, node.path));
  if (task || task.error().code == Code::data_loss) return true;
  if (task.error().code == Code::not_found) return false;
  return fail(task.error());
}

Status Pipeliner::resume(Open& open, const std::vector<KeptNode>& nodes) {
  for (const KeptNode& node : nodes) {
    if (node.record.state != NodeState::running) continue;
    if (node.kind == BegunAs::wait && node.wait && node.wait->kind == pipeline::WaitKind::http) {
      ports_.urls.put({.run = open.kept.id, .path = node.path}, *node.wait);
      open.urls.insert(node.path);
    }
    if (node.kind != BegunAs::task) continue;
    const Uuid id = pipeline::task_id(open.kept.id, node.path);
    open.tasks.emplace(id, node.path);
    run_of_task_.emplace(id, open.kept.id);
    if (Status heard = hear_of_task(open, id); !heard) return heard;
    if (node.record.stop == pipeline::Stop::none || !open.tasks.contains(id)) continue;
    // It was written down that the task is to end, but perhaps the task was not asked.
    Status ended = end_task(
        {.path = node.path, .id = id, .stop = node.record.stop, .reason = node.record.error});
    if (!ended) return ended;
  }
  return {};
}

}  // namespace waybill
