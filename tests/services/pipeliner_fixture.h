#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/definitions_load.h"
#include "services/pipeliner.h"
#include "services/run_desk.h"
#include "testing/fake_artifact_index.h"
#include "testing/fake_http_client.h"
#include "testing/fake_ledger.h"
#include "testing/fake_run_store.h"
#include "testing/forwarding_reader.h"
#include "testing/sim_clock.h"

namespace waybill {

inline constexpr const char* kPipelines = R"x({
  "chain": {"params": {"type": "object", "properties": {"day": {}}},
    "outputs": {"sum": "${{ steps.b.outputs.n }}"},
    "steps": {
      "a": {"task": "t", "with": {"day": "${{ params.day }}"}},
      "b": {"task": "t", "needs": "a", "with": {"from": "${{ steps.a.outputs.n }}"}}}},
  "wide": {"steps": {
      "list": {"task": "t"},
      "each": {"task": "t", "needs": "list", "for_each": "${{ steps.list.outputs.items }}",
               "with": {"item": "${{ item }}"}}}},
  "heavy": {"steps": {
      "list": {"task": "t"},
      "each": {"task": "t", "needs": "list", "for_each": "${{ steps.list.outputs.items }}",
               "with": {"item": "${{ steps.list.outputs.big }}"}}}},
  "gate": {"steps": {
      "a": {"task": "t"},
      "ok": {"needs": "a", "wait": {"approval": {}}, "timeout": "1h"},
      "b": {"task": "t", "needs": "ok", "with": {"by": "${{ steps.ok.outputs.approved_by }}"}},
      "tidy": {"task": "t", "needs": "b", "if": "always()"}}},
  "later": {"steps": {
      "pause": {"wait": {"for": "10m"}},
      "b": {"task": "t", "needs": "pause"}}},
  "asks": {"steps": {
      "up": {"wait": {"http": {"url": "https://x.example/up", "every": "10s", "timeout": "1m"}}},
      "b": {"task": "t", "needs": "up", "with": {"status": "${{ steps.up.outputs.status }}"}}}},
  "limited": {"concurrency": 1, "timeout": "1h", "steps": {"a": {"task": "t"}}},
  "one_at_a_time": {"concurrency": 1, "steps": {"a": {"task": "t"}}},
  "files": {"steps": {
      "make": {"task": "t", "with": {"day": "${{ params.day }}"}},
      "use": {"needs": "make", "task": {"command": ["./use"]},
              "inputs": {"in.csv": "${{ steps.make.artifacts['a.csv'] }}"}}}},
  "told": {"steps": {"a": {"task": "t"}},
    "notify": {"on": ["failed", "cancelled"], "mail": "ops@example.org"}}})x";

/// Can lose what happened, as a ledger does that keeps only so many changes.
class ForgetfulReader final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    if (forgets) {
      forgets = false;
      return fail(Code::out_of_range, "gone");
    }
    return inner_.events(after, limit);
  }
  bool forgets = false;
};

/// Knows how much one transaction has brought at most.
class WeighingRunStore final : public FakeRunStore {
 public:
  using FakeRunStore::FakeRunStore;
  Status settle(const RunSettlement& settlement) override {
    std::size_t bytes = 0;
    for (const TaskRequest& task : settlement.tasks) bytes += task.params.size();
    heaviest = std::max(heaviest, bytes);
    return FakeRunStore::settle(settlement);
  }
  std::size_t heaviest = 0;
};

class PipelinerTest : public testing::Test {
 protected:
  PipelinerTest() {
    const Document document{
        .file = "a.yaml",
        .directory = "/srv",
        .json = R"({"tasks": {"t": {"kind": "noop", "queue": "q"}}, "pipelines": )" +
                std::string(kPipelines) + "}"};
    load_ = load_definitions({{document}});
    const std::string problem = load_.problems.empty() ? "" : to_string(load_.problems[0]);
    EXPECT_EQ(problem, "");
    desk_ = std::make_unique<RunDesk>(
        RunDesk::Ports{.store = store_, .definitions = always(load_.definitions), .clock = clock_});
    begin();
  }

  /// A pipeliner as of a server that has just started; the one before was killed.
  void begin(const std::string& holder = "one") {
    urls_ = std::make_unique<UrlWaits>(http_, clock_);
    pipeliner_ = std::make_unique<Pipeliner>(
        Pipeliner::Ports{.store = store_,
                         .ledger = {.ledger = ledger_, .reader = reader_, .registry = ledger_},
                         .urls = *urls_,
                         .clock = clock_,
                         .chance = [] { return 0.5; },
                         .artifacts = &artifacts_},
        PipelinerParams{.holder = holder, .batch = batch_, .keep = std::chrono::hours(24)});
  }
  Uuid start(const std::string& name, std::string params = "{}", const Uuid& reuse_from = {},
             std::vector<std::string> anew = {}) {
    const auto run = desk_->start({.id = ids_.next(clock_.now()),
                                   .pipeline = name,
                                   .params = std::move(params),
                                   .reuse_from = reuse_from,
                                   .anew = std::move(anew),
                                   .created_by = "cli:ann"});
    EXPECT_TRUE(run) << run.error().message;
    return run ? run->id : Uuid{};
  }
  /// Steps until nothing is left to do now.
  void settle() {
    const Time since = clock_.now();
    for (int i = 0; i < 200; ++i) {
      clock_.advance(std::chrono::milliseconds(1));
      const auto waited = pipeliner_->step({.at = clock_.steady_now() + std::chrono::seconds(1)});
      ASSERT_TRUE(waited) << waited.error().message;
      clock_.advance(*waited);
      const RunsAtRest rest = pipeliner_->at_rest();
      if (rest.looked_at > since && rest.sequence == ledger_.last_sequence({}, {}).value()) return;
    }
    FAIL() << "it never comes to an end";
  }
  void ask_urls() {
    ASSERT_TRUE(urls_->step({.at = clock_.steady_now() + std::chrono::seconds(20)}));
  }

  /// The task of a step; it has to be there.
  Task task(const Uuid& run, const std::string& path) {
    const auto found = ledger_.get(pipeline::task_id(run, path));
    EXPECT_TRUE(found) << path;
    return found ? *found : Task{};
  }
  bool has_task(const Uuid& run, const std::string& path) {
    return ledger_.get(pipeline::task_id(run, path)).has_value();
  }
  Task claim(const Uuid& run, const std::string& path) {
    const auto claimed = ledger_.claim(
        {.queues = {}, .kinds = {}, .only_ids = {pipeline::task_id(run, path)}, .worker = "w"});
    EXPECT_EQ(claimed->size(), 1u) << path;
    return claimed->empty() ? Task{} : claimed->front();
  }
  void apply(const Task& task, const Event& event) {
    const auto change = transition(task, event, {.now = clock_.now(), .chance = 0});
    ASSERT_TRUE(change) << change.error().message;
    const auto done = ledger_.apply(std::span(&*change, 1));
    ASSERT_TRUE(done && done->front());
  }
  void succeed(const Uuid& run, const std::string& path, std::string result = "") {
    const Task claimed = claim(run, path);
    apply(claimed, event::Succeed{.fence = claimed.status.fence, .result = std::move(result)});
  }
  void fail_task(const Uuid& run, const std::string& path, std::string error = "no") {
    const Task claimed = claim(run, path);
    apply(claimed, event::Fail{.fence = claimed.status.fence,
                               .failure_class = FailureClass::permanent,
                               .error = std::move(error)});
  }

  pipeline::KeptRun run(const Uuid& id) { return store_.get(id).value(); }
  std::string state(const Uuid& id) { return std::string(to_string(run(id).state)); }
  /// "succeeded", …; "" for a node of which nothing was decided.
  std::string node(const Uuid& id, const std::string& path) {
    const auto nodes = desk_->all_nodes(id);
    for (const pipeline::KeptNode& each : *nodes) {
      if (each.path == path) return std::string(to_string(each.record.state));
    }
    return "";
  }
  pipeline::KeptNode kept_node(const Uuid& id, const std::string& path) {
    const auto nodes = desk_->all_nodes(id);
    for (const pipeline::KeptNode& each : *nodes) {
      if (each.path == path) return each;
    }
    ADD_FAILURE() << "no node " << path;
    return {};
  }

  SimClock clock_;
  Rng rng_{1};
  UuidMaker ids_{rng_};
  FakeLedger ledger_{clock_};
  ForgetfulReader reader_{ledger_};
  WeighingRunStore store_{ledger_};
  FakeArtifactIndex artifacts_{ledger_};
  int status_ = 503;
  FakeHttpClient http_{[this](const HttpRequest&) {
    return HttpResponse{.status = status_, .headers = {}, .body = {}};
  }};
  DefinitionsLoad load_;
  std::size_t batch_ = 1'000;
  std::unique_ptr<RunDesk> desk_;
  std::unique_ptr<UrlWaits> urls_;
  std::unique_ptr<Pipeliner> pipeliner_;
};

}  // namespace waybill
