#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/definition.h"
#include "core/pipeline/definition.h"
#include "core/pipeline/plan.h"
#include "ports/clock.h"
#include "ports/run_store.h"

namespace waybill {

/// What a person wants run.
struct StartRun {
  Uuid id;
  std::string pipeline;
  std::string params = "{}";
  std::optional<int> priority{};
  Uuid reuse_from{};                ///< nil: nothing is reused
  std::vector<std::string> anew{};  ///< steps that are not reused
  std::string created_by{};
  std::string notify{};  ///< who is told of its end, besides those whom its definition names
};
/// A run that is to be done again: what failed, and what comes after that.
struct RetryRun {
  Uuid id;  ///< of the new one
  Uuid of;
  std::optional<std::string> params{};  ///< none: those that it had
  std::vector<std::string> anew{};
  std::string created_by{};
};

/// Why a step was done, or not, given what another run did.
struct StepReason {
  enum class Is : std::uint8_t {
    reused,
    is_new,      ///< the other run has no such step
    unfinished,  ///< it did not succeed there
    differs,     ///< in `fields`; `artifacts`: the files that it left are not kept any more;
                 ///< of a wait, `steps.NAME`: what it needs was done anew; `pipeline`: what
                 ///< the pipeline needs was in which it waits
    asked,       ///< nothing differs: it was to be done anew
    undecided,   ///< it has not begun, or was skipped
  } is = Is::undecided;
  std::string path;
  std::vector<std::string> fields;
};
std::string_view to_string(StepReason::Is is);
/// [{path, is, fields}], for the command line and APIs.
boost::json::array to_json(const std::vector<StepReason>& reasons);

/// What people do with runs. Thread-safe.
class RunDesk {
 public:
  struct Ports {
    RunStore& store;
    CurrentDefinitions definitions;
    Clock& clock;
  };
  /// The ports outlive it.
  explicit RunDesk(Ports ports) : ports_(std::move(ports)) {}

  /// Those that hold now.
  std::shared_ptr<const Definitions> definitions() const { return ports_.definitions(); }
  /// `not_found`, with what it may have meant, if there is none of that name.
  Result<pipeline::PipelineDefinition> pipeline(const std::string& name) const;
  Result<std::shared_ptr<const pipeline::Plan>> plan(const std::string& name) const;
  /// The same, with more rules of who is told of a run's end.
  Result<std::shared_ptr<const pipeline::Plan>> plan(const std::string& name,
                                                     const std::string& notify) const;
  /// Refuses what could not run: `invalid_argument` names the params that are wrong, a step in
  /// `anew` that is not there, or a run of another pipeline in reuse_from.
  Result<NewRun> prepare(const StartRun& start) const;
  /// The run as it is then; one of that id that is there already.
  Result<pipeline::KeptRun> start(const StartRun& start);
  /// What start() is given for it. `failed_precondition`: it has not ended.
  Result<StartRun> plan_retry(const RetryRun& retry) const;

  Result<pipeline::KeptRun> get(const Uuid& id) const { return ports_.store.get(id); }
  Result<RunPage> page(const RunQuery& query) const { return ports_.store.page(query); }
  Result<std::vector<pipeline::KeptNode>> nodes(const NodeQuery& query) const {
    return ports_.store.nodes(query);
  }
  /// Every node of a run, the run itself too.
  Result<std::vector<pipeline::KeptNode>> all_nodes(const Uuid& id) const;
  /// The plan that a run began with.
  Result<std::shared_ptr<const pipeline::Plan>> plan_of(const pipeline::KeptRun& run) const;
  /// Asks it to end: its clean-up steps still run, or, `at_once`, they neither.
  Result<pipeline::KeptRun> cancel(const Uuid& id, pipeline::StopAsked stop);
  /// Answers a wait for an approval.
  Result<pipeline::KeptRun> decide(const Uuid& id, const std::string& path,
                                   pipeline::Decision decision);
  /// The wait for an approval at that path; without a path the only one that is open.
  Result<pipeline::KeptNode> approval(const Uuid& id, const std::string& path) const;
  /// Why its steps were done, held against `other`; nil: against what it was to reuse.
  Result<std::vector<StepReason>> explain(const Uuid& id, const Uuid& other) const;

 private:
  const Ports ports_;
};

}  // namespace waybill
