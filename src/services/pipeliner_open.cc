#include <utility>

#include "base/log.h"
#include "core/pipeline/plan.h"
#include "ports/known_tasks.h"
#include "services/open_run.h"
#include "services/pipeliner.h"

namespace waybill {
namespace {

using pipeline::BegunAs;
using pipeline::KeptNode;
using pipeline::KeptRun;
using pipeline::NodeState;

constexpr std::size_t kNodesAtOnce = 500;
/// Without their texts.
constexpr std::size_t kLightNodesAtOnce = 5'000;

constexpr std::string_view kNoArtifacts = "{}";

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
  std::map<std::string, bool> shown;
  for (const KeptNode& node : *done) {
    if (node.record.artifacts.empty() || node.record.artifacts == kNoArtifacts) continue;
    if (reusable.contains(node.path)) shown.emplace(node.path, node.is_reused);
  }
  const auto without = without_their_tasks(*before, std::move(shown));
  if (!without) return fail(without.error());
  // Their files went with their tasks: a step that needs them makes them again.
  for (const std::string& path : *without) reusable.at(path).artifacts.clear();
  return reusable;
}

Result<std::set<std::string>> Pipeliner::without_their_tasks(KeptRun run,
                                                             std::map<std::string, bool> nodes) {
  std::set<std::string> without;
  std::vector<std::string> paths;
  std::vector<Uuid> tasks;
  while (!nodes.empty()) {
    std::vector<std::string> reused;
    for (const auto& [path, is_reused] : nodes) {
      if (is_reused) {
        reused.push_back(path);
        continue;
      }
      paths.push_back(path);
      tasks.push_back(pipeline::task_id(run.id, path));
    }
    nodes.clear();
    if (reused.empty()) break;
    auto before = ports_.store.get(run.reuse_from);
    if (!before && before.error().code != Code::not_found) return fail(before.error());
    if (!before) {
      without.insert(reused.begin(), reused.end());
      break;
    }
    run = std::move(*before);
    const auto there = reused_in(run.id);
    if (!there) return fail(there.error());
    for (std::string& path : reused) {
      const auto found = there->find(path);
      if (found == there->end()) {
        without.insert(std::move(path));
      } else {
        nodes.insert(*found);
      }
    }
  }
  const auto known = known_tasks(ports_.ledger.reader, tasks);
  if (!known) return fail(known.error());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!(*known)[i]) without.insert(std::move(paths[i]));
  }
  return without;
}

Result<std::map<std::string, bool>> Pipeliner::reused_in(const Uuid& run) {
  std::map<std::string, bool> reused;
  std::string after;
  for (;;) {
    const auto page = ports_.store.nodes({.run = run,
                                          .states = {},
                                          .after = after,
                                          .with_root = false,
                                          .limit = kLightNodesAtOnce,
                                          .with_texts = false});
    if (!page) return fail(page.error());
    for (const KeptNode& node : *page) reused.emplace(node.path, node.is_reused);
    if (page->size() < kLightNodesAtOnce) return reused;
    after = page->back().path;
  }
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
