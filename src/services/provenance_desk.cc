#include "services/provenance_desk.h"

#include <iterator>

#include "core/pipeline/run.h"
#include "core/provenance/envelope.h"

namespace waybill {
namespace {

constexpr std::size_t kArtifactPage = 1000;
constexpr std::size_t kNodePage = 1000;

Result<std::vector<pipeline::KeptNode>> nodes_of(RunStore& store, const Uuid& run) {
  std::vector<pipeline::KeptNode> all;
  for (;;) {
    const NodeQuery query{.run = run,
                          .after = all.empty() ? "" : all.back().path,
                          .with_root = false,
                          .limit = kNodePage};
    auto page = store.nodes(query);
    if (!page) return fail(page.error());
    const bool more = is_full(*page, query);
    all.insert(all.end(), std::make_move_iterator(page->begin()),
               std::make_move_iterator(page->end()));
    if (!more) return all;
  }
}

}  // namespace

Result<std::vector<Artifact>> all_artifacts(ArtifactIndex& index, const Uuid& task) {
  std::vector<Artifact> all;
  for (;;) {
    auto page = index.list(
        {.task = task, .after = all.empty() ? "" : all.back().name, .limit = kArtifactPage});
    if (!page) return fail(page.error());
    const bool is_last = page->size() < kArtifactPage;
    all.insert(all.end(), std::make_move_iterator(page->begin()),
               std::make_move_iterator(page->end()));
    if (is_last) return all;
  }
}

Result<provenance::StepFacts> ProvenanceDesk::task(const Uuid& id) const {
  auto task = ports_.reader.get(id);
  if (!task) return fail(task.error());
  if (!is_finished(task->status.state)) {
    return fail(Code::failed_precondition,
                "task " + to_string(id) + " is " + std::string(to_string(task->status.state)) +
                    ": there is no provenance before it is finished; `waybill task wait` waits");
  }
  provenance::StepFacts facts{.path = {}, .task = std::move(*task), .artifacts = {}};
  // Who retries another one at this moment makes artifacts that are not of this attempt.
  if (facts.task.status.state != State::succeeded) return facts;
  auto artifacts = all_artifacts(ports_.artifacts, id);
  if (!artifacts) return fail(artifacts.error());
  facts.artifacts = std::move(*artifacts);
  return facts;
}

Result<ProvenanceDesk::RunRecord> ProvenanceDesk::run(const Uuid& id) const {
  auto run = ports_.runs.get(id);
  if (!run) return fail(run.error());
  if (!is_ended(run->state)) {
    return fail(Code::failed_precondition,
                "run " + to_string(id) + " is " + std::string(to_string(run->state)) +
                    ": there is no provenance before it has ended; `waybill run show --wait` "
                    "waits");
  }
  auto nodes = nodes_of(ports_.runs, id);
  if (!nodes) return fail(nodes.error());
  RunRecord record{.run = std::move(*run), .nodes = std::move(*nodes), .steps = {}, .reused = {}};
  for (const pipeline::KeptNode& node : record.nodes) {
    if (node.is_reused) record.reused.push_back(node.path);
    if (node.kind != pipeline::BegunAs::task || node.is_reused) continue;
    auto step = task(pipeline::task_id(id, node.path));
    if (!step) {
      return fail(with_context(step.error(), "run " + to_string(id) + ", step " + node.path));
    }
    step->path = node.path;
    record.steps.push_back(std::move(*step));
  }
  return record;
}

Result<std::string> ProvenanceDesk::envelope(const provenance::StepFacts& task) const {
  const auto claim = ports_.artifacts.claim();
  if (!claim) return fail(claim.error());
  return sealed(provenance::statement_of(
      {.task = task.task, .artifacts = task.artifacts, .ledger = claim->ledger}));
}

Result<std::string> ProvenanceDesk::envelope(const RunRecord& run) const {
  const auto claim = ports_.artifacts.claim();
  if (!claim) return fail(claim.error());
  return sealed(provenance::statement_of(
      {.run = run.run, .steps = run.steps, .reused = run.reused, .ledger = claim->ledger}));
}

Result<std::string> ProvenanceDesk::sealed(const std::string& statement) const {
  const auto key = ports_.key();
  // Whatever is wrong with the key is no fault of who asks.
  if (!key) return fail(Code::unavailable, key.error().message);
  return provenance::seal_statement(statement, *key);
}

}  // namespace waybill
