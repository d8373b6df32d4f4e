#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "core/pipeline/fingerprint.h"
#include "core/pipeline/plan.h"
#include "core/pipeline/wait.h"
#include "core/task.h"

namespace waybill::pipeline {

/// Where a node of a run stands: the run itself (path ""), a step (`build`), an instance of a step
/// (`test[3]`), a step of a pipeline in it (`deploy/push`, `deploy[0]/push`).
/// Stored by number: never reorder.
enum class NodeState : std::uint8_t {
  running = 0,
  succeeded = 1,
  failed = 2,
  cancelled = 3,
  skipped = 4,
};
std::string_view to_string(NodeState state);

/// Why a node is to end before its time; the later ones are the stronger.
enum class Stop : std::uint8_t {
  none = 0,
  cancel = 1,   ///< by a person, or since something around it was cancelled
  timeout = 2,  ///< its time limit has come
  at_once = 3,  ///< by a person, clean-up steps too
};

/// What a ledger keeps of a node; there is none for a node of which nothing was decided.
struct Record {
  NodeState state = NodeState::running;
  Stop stop = Stop::none;
  Time due{};             ///< when a wait is over or a time limit comes; zero: never
  std::string outputs;    ///< JSON; empty: none
  std::string artifacts;  ///< JSON, see core/pipeline/inputs.h; empty: not known
  std::string error;      ///< for a person: why it failed, was cancelled or skipped
  Fingerprint fingerprint;
  /// Of its params, and of its spec, or of a wait: they count for the limits of the run, also after
  /// a restart.
  std::uint64_t bytes = 0;

  bool operator==(const Record&) const = default;
};
using Records = std::map<std::string, Record>;

/// What is to be done now, and then recorded (see `record`): in this order, in one transaction.
namespace action {
/// Insert this task. Its id follows from run and path: a second insert is a duplicate.
struct Start {
  std::string path;
  TaskRequest task;
  Fingerprint fingerprint;
  std::vector<std::string> differs;  ///< of what might have been reused: why it was not
};
/// Begin a wait: ask the URL every so often, or show it to those who may approve. What comes of it
/// is told by Run::ended; a wait for a time needs nothing but Run::take when it is over.
struct BeginWait {
  std::string path;
  Wait wait;
  Time due{};
  Fingerprint fingerprint;
  std::vector<std::string> differs{};  ///< as of Start
  std::uint64_t bytes = 0;             ///< as of Record
};
/// The run, a pipeline in it or a step with instances has begun.
struct Open {
  std::string path;
  Time due{};
  std::uint64_t bytes = 0;  ///< as of Record
};
struct Finish {
  std::string path;
  NodeState state = NodeState::succeeded;  ///< skipped too
  std::string outputs;
  std::string error;
  Fingerprint fingerprint{};  ///< where it was reused
  bool is_reused = false;
  std::string artifacts{};  ///< as of Record
};
/// Ask the task `id` to end; nil: it is no task, only to be recorded.
struct Cancel {
  std::string path;
  Uuid id;
  Stop stop = Stop::cancel;
  std::string reason;
};
}  // namespace action
using Action =
    std::variant<action::Start, action::BeginWait, action::Open, action::Finish, action::Cancel>;
const std::string& path_of(const Action& action);
/// Does to records what a ledger does that has done an action.
void record(Records& records, const Action& action);

/// What it is that ended, as whoever tells it believes.
enum class EndedKind : std::uint8_t { unsaid, task, answer, approval };

/// What came of a task, or of a wait for an answer or an approval.
struct Ended {
  std::string path;
  NodeState state = NodeState::succeeded;  ///< succeeded, failed or cancelled
  std::string result;                      ///< JSON object or empty
  std::string error;
  EndedKind kind = EndedKind::unsaid;  ///< unsaid: whatever runs there
  Time at{};                           ///< when; limits that had come by then stand. Zero: in time
  std::string artifacts{};             ///< as of Record, where its step shows them
};

/// A step of another run that need not be done again if its fingerprint is the same.
struct Reusable {
  Fingerprint fingerprint;
  std::string outputs;
  std::string artifacts{};
};

/// A run as it was asked for; nothing of it changes.
struct RunRequest {
  Uuid id;
  std::string params = "{}";
  std::string created_by;
  std::optional<int> priority;               ///< of its tasks, instead of their own
  Time created_at{};                         ///< its time limit begins here
  std::map<std::string, Reusable> reusable;  ///< by path
};

/// The id of the task of an instance.
Uuid task_id(const Uuid& run, std::string_view path);

class RunEngine;

/// A run in memory: told what ended, it says what is to be done. What it says depends only on plan,
/// request and what ended, not on the order, and each node is said once. An event costs what it
/// changes. Not thread-safe.
class Run {
 public:
  /// `stored`: what was recorded so far; what follows from it and is not recorded yet is done
  /// first. `invalid_argument` if the params are not those of the pipeline.
  static Result<Run> open(std::shared_ptr<const Plan> plan, RunRequest request,
                          const Records& stored = {});
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  ~Run();

  /// Passed over if that node is not running, so it may be told again; and if it is of another
  /// kind, or a wait for a time, or the state is none in which a node ends by itself.
  void ended(const Ended& what);
  /// Running steps are asked to end, and no others begin, but those whose `if` asks cancelled() or
  /// always(). `at_once`: those neither.
  void cancel(Stop stop, std::string reason);
  /// What is to be done now. Waits and limits that are over by `now` are.
  std::vector<Action> take(Time now);
  /// When to ask again even if nothing ended; kTimeMax: never.
  Time next_at() const;
  bool is_finished() const;

 private:
  explicit Run(std::unique_ptr<RunEngine> engine);

  std::unique_ptr<RunEngine> engine_;
};

/// The same as a pure function: what is to be done, given what was recorded and what ended since.
/// After these actions were recorded there is nothing left to do.
struct Advance {
  std::vector<Action> actions;
  Time next_at = kTimeMax;
};
Result<Advance> advance(const std::shared_ptr<const Plan>& plan, const RunRequest& request,
                        const Records& stored, const std::vector<Ended>& ended, Time now);

/// Whether all of these are steps of the outermost pipeline; `invalid_argument` names one that is
/// not, and the nearest that is.
Status check_anew(const Plan& plan, const std::vector<std::string>& anew);
/// What a second run may reuse of one whose records are given: tasks and waits that succeeded, but
/// for the steps of the outermost pipeline in `anew` and those that need them. Nothing, if
/// check_anew refuses them.
std::map<std::string, Reusable> reusable_of(const Plan& plan, const Records& records,
                                            const std::vector<std::string>& anew = {});

}  // namespace waybill::pipeline
