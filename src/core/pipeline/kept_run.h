#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "core/pipeline/run.h"

namespace waybill::pipeline {

// What a ledger keeps of runs and of their nodes.

/// Stored by number: never reorder.
enum class RunState : std::uint8_t {
  waiting = 0,  ///< for its turn: so many runs of its pipeline are running
  running = 1,
  succeeded = 2,
  failed = 3,
  cancelled = 4,
};
inline constexpr int kRunStateCount = 5;
std::string_view to_string(RunState state);
std::optional<RunState> parse_run_state(std::string_view text);
constexpr bool is_ended(RunState state) { return state >= RunState::succeeded; }
std::optional<NodeState> parse_node_state(std::string_view text);
/// Of a run whose outermost node has this state.
RunState run_state_of(NodeState state);

/// That somebody asked for a run to end.
struct StopAsked {
  Stop stop = Stop::none;  ///< none: nobody did
  std::string by;
  std::string reason;

  bool operator==(const StopAsked&) const = default;
};

struct KeptRun {
  Uuid id;
  std::string pipeline;
  std::string plan;  ///< the digest of its plan
  std::string params = "{}";
  std::optional<int> priority;
  Uuid reuse_from;                ///< nil: it reuses nothing
  std::vector<std::string> anew;  ///< steps that are done again although they could be reused
  std::string created_by;
  Time created_at{};
  RunState state = RunState::waiting;
  Time started_at{};  ///< zero: not yet; as below
  Time ended_at{};
  std::string outputs;  ///< JSON; empty: none
  std::string error;
  Time next_at{};  ///< when time will change something, as known when it was written last
  StopAsked stop;
  std::int64_t asked = 0;  ///< grows with all that people ask of it: to end, and answers to waits

  bool operator==(const KeptRun&) const = default;
};

/// What a node was begun as. Stored by number: never reorder.
enum class BegunAs : std::uint8_t {
  none = 0,  ///< it was decided without being begun, or is the run itself
  task = 1,
  wait = 2,
  group = 3,  ///< a pipeline in the run, or a step with instances
};
std::string_view to_string(BegunAs kind);

/// What somebody answered to a wait for an approval.
struct Decision {
  bool approved = false;
  std::string by;
  std::string comment;
  Time at{};

  bool operator==(const Decision&) const = default;
};

struct KeptNode {
  std::string path;
  BegunAs kind = BegunAs::none;
  Record record;
  bool is_reused = false;
  std::optional<Wait> wait;
  std::optional<Decision> decision;
  Time began_at{};
  Time ended_at{};  ///< zero: it runs

  bool operator==(const KeptNode&) const = default;
};

/// An action as it is written down; the texts are those that are stored.
struct NodeChange {
  enum class What : std::uint8_t { begun, finished, stopped } what = What::begun;
  std::string path;
  BegunAs kind = BegunAs::none;
  NodeState state = NodeState::running;
  Stop stop = Stop::none;
  Time due{};
  std::string outputs;
  std::string error;
  std::string fingerprint;   ///< JSON; empty: as it was
  std::string wait;          ///< JSON; empty: none
  bool is_approval = false;  ///< of a wait
  bool is_reused = false;
  std::string artifacts{};
  std::uint64_t bytes = 0;  ///< as of Record
};
NodeChange change_of(const Action& action);

/// For a ledger to keep; read_kept_wait reads what it wrote.
std::string to_json_text(const Wait& wait);
Result<Wait> read_kept_wait(std::string_view json);
std::string to_json_text(const Decision& decision);
Result<Decision> read_decision(std::string_view json);
std::string to_json_text(const std::vector<std::string>& names);
Result<std::vector<std::string>> read_names(std::string_view json);

/// What of them Run::open wants.
Records records_of(const std::vector<KeptNode>& nodes);
/// 64 hexadecimal digits: equal plans are kept once.
std::string plan_digest(std::string_view plan);

}  // namespace waybill::pipeline
