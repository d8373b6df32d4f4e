#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/pipeline/kept_run.h"
#include "core/task.h"

namespace waybill {

/// A run as it is asked for: id, pipeline, params, priority, what it reuses, who and when.
struct NewRun {
  pipeline::KeptRun run;
  std::string plan;  ///< of which run.plan is the digest
};
enum class RunMade : std::uint8_t { made, there_already };

/// Which runs. Empty fields do not filter.
struct RunQuery {
  std::vector<pipeline::RunState> states;
  std::string pipeline;
  std::string created_by;
  Time created_after{};   ///< at this time or later; the zero time: no bound
  Time created_before{};  ///< before this time
  Uuid id_first;          ///< with id_last: ids in this range, both included; nil: no bound
  Uuid id_last;
  /// Only waiting and running ones, those that were made first before; costs what it returns.
  /// The other filters do not count then.
  bool is_live = false;
  std::string cursor;  ///< from the last page; empty: the beginning. Opaque
  std::size_t limit = 100;
  bool with_texts = true;  ///< else their params and outputs are empty
  /// text_bytes of its runs at which the page ends, with the run that reaches it; 0: no limit.
  std::size_t bytes_max = 0;

  /// Made in this range of microseconds: the first one is in it, the second one is not.
  std::pair<std::int64_t, std::int64_t> created_us() const;
};
struct RunPage {
  std::vector<pipeline::KeptRun> runs;
  std::string next_cursor;  ///< empty: that was all
};

/// Which nodes of a run, in the order of their paths' bytes.
struct NodeQuery {
  Uuid run;
  std::vector<pipeline::NodeState> states;  ///< empty: any
  bool waits_only = false;
  std::string after;       ///< a path: only those behind it; "" leaves out the run itself, too
  bool with_root = false;  ///< the run itself comes first, if `after` is empty
  std::size_t limit = 100;
  bool with_texts = true;     ///< else their outputs are empty
  std::size_t bytes_max = 0;  ///< as in RunQuery
};
std::size_t text_bytes(const pipeline::KeptRun& run);
std::size_t text_bytes(const pipeline::KeptNode& node);
/// Whether there may be more behind these.
bool is_full(const std::vector<pipeline::KeptNode>& nodes, const NodeQuery& query);

struct RunHold {
  Uuid id;
  std::string holder;
  Time now{};    ///< of this machine; as for WebhookStore::hold
  Time until{};  ///< as `now`: it is let go of
  /// Of runs of its pipeline that run at a time: one that waits begins only if there are fewer; 0:
  /// no limit.
  std::uint32_t running_max = 0;
};

/// What was done for a run, to be written down as one.
struct RunSettlement {
  Uuid id;
  std::string holder;
  Time at{};
  std::vector<TaskRequest> tasks;                          ///< to be inserted, as by Ledger::insert
  std::vector<pipeline::NodeChange> nodes;                 ///< in order
  pipeline::RunState state = pipeline::RunState::running;  ///< an ended one ended `at`
  std::string outputs;
  std::string error;
  Time next_at{};
};

/// What a person asks of a run: to end it, or, with a path, an answer to its wait for an approval.
struct RunAsk {
  Uuid id;
  Time at{};
  pipeline::StopAsked stop{};
  std::string path{};
  pipeline::Decision decision{};
};

/// Runs of pipelines, what of them is decided, and the definitions that they began with. Kept
/// beside the ledger, by the same adapter. Thread-safe; durable when a call returns. Errors as for
/// Ledger.
class RunStore {
 public:
  virtual ~RunStore() = default;

  /// Adds one that waits for its turn. One of that id that is there already stays as it is.
  virtual Result<RunMade> create(const NewRun& made) = 0;
  /// `not_found` if there is none of that id.
  virtual Result<pipeline::KeptRun> get(const Uuid& id) = 0;
  /// Those made last first, without what is damaged, which is logged. `invalid_argument` for a
  /// cursor that is not ours.
  virtual Result<RunPage> page(const RunQuery& query) = 0;
  /// The plan of this digest; `not_found`.
  virtual Result<std::string> plan(const std::string& digest) = 0;
  virtual Result<std::vector<pipeline::KeptNode>> nodes(const NodeQuery& query) = 0;

  /// Holds live runs for one of several servers, each as WebhookStore::hold does, in this order, in
  /// one transaction, and begins those that wait. An answer each; false: another server holds it,
  /// it is not there or has ended, or it waits for others.
  virtual Result<std::vector<bool>> hold(std::span<const RunHold> holds) = 0;
  /// Inserts the tasks and writes down the rest, all or none. `aborted`, with nothing changed: it
  /// is not held by this holder, or has ended. Otherwise errors as for Ledger::insert.
  virtual Status settle(const RunSettlement& settlement) = 0;
  /// `not_found`; `failed_precondition` if it has ended, or if there is no wait for an approval at
  /// that path that runs and has no answer. A weaker stop than was asked for changes nothing.
  virtual Status ask(const RunAsk& ask) = 0;
  /// Removes runs that ended before that, those that ended first before, with their nodes, and
  /// plans that no run has any more; how many runs.
  virtual Result<std::size_t> remove(Time ended_before, std::size_t limit) = 0;
};

Result<bool> hold_one(RunStore& store, const RunHold& hold);

/// What stores answer, in the same words.
Error no_run(const Uuid& id);
Error run_has_ended(const Uuid& id);
Error no_open_approval(const RunAsk& ask);
Error run_not_held(const Uuid& id);

}  // namespace waybill
