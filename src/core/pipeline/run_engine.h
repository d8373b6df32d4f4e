#pragma once

#include <boost/json/fwd.hpp>
#include <deque>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/pipeline/run.h"
#include "core/task_input.h"

namespace waybill::pipeline {

inline constexpr std::uint32_t kNone = UINT32_MAX;

/// JSON values, which a header can't hold.
struct FrameValues;
struct StepValues;

/// One instance of a step: a task, a wait, or a pipeline with a frame of its own.
struct Instance {
  std::uint32_t frame = 0;
  std::uint32_t step = 0;
  std::uint32_t number = kNone;  ///< of an expanded step
  std::uint32_t inner = kNone;   ///< the frame of a pipeline
  NodeState state = NodeState::running;
  Stop stop = Stop::none;
  WaitKind wait = WaitKind::time;  ///< of a wait
  std::string path;
  std::string error;
};

/// A step of a frame.
struct StepRun {
  enum class Phase : std::uint8_t { waiting, running, done } phase = Phase::waiting;
  NodeState state = NodeState::running;
  std::uint32_t needs_left = 0;
  bool any_failed = false;        ///< of all that it needs, directly or not
  bool any_unsuccessful = false;  ///< likewise
  bool stopping = false;          ///< no further instances begin
  std::uint32_t width = 1;        ///< instances in all
  std::uint32_t running = 0;
  std::uint32_t done = 0;
  std::size_t item_bytes = 0;  ///< of what it is expanded over, while it runs
  std::vector<std::uint32_t> instances;
  std::unique_ptr<StepValues> values;

  StepRun();
  ~StepRun();
  StepRun(StepRun&&) noexcept;
  StepRun& operator=(StepRun&&) noexcept;
};

/// A pipeline that runs: the outermost, or one in an instance.
struct Frame {
  const PlanPipeline* pipeline = nullptr;
  std::uint32_t owner = kNone;
  std::string prefix;  ///< of the paths of its steps
  Stop stop = Stop::none;
  std::string stop_reason;
  std::size_t steps_left = 0;
  std::vector<StepRun> steps;
  std::unique_ptr<FrameValues> values;

  Frame();
  ~Frame();
};

class RunEngine {
 public:
  RunEngine(std::shared_ptr<const Plan> plan, RunRequest request, Records stored);
  ~RunEngine();

  Status open();
  void ended(const Ended& what);
  void cancel(Stop stop, std::string reason);
  std::vector<Action> take(Time now);
  Time next_at() const { return finished_ || due_.empty() ? kTimeMax : due_.top().first; }
  bool is_finished() const { return finished_; }

 private:
  using Due = std::pair<Time, std::uint32_t>;  ///< and an instance; kNone: the run

  // run_engine.cc: steps
  void settle();
  /// Frees what only steps that run could read.
  void release(std::uint32_t frame);
  void handle(std::uint32_t frame, std::uint32_t step);
  void decide(std::uint32_t frame, std::uint32_t step);
  void begin(std::uint32_t frame, std::uint32_t step, bool is_stored);
  void expand(std::uint32_t frame, std::uint32_t step, bool is_stored);
  void pump(std::uint32_t frame, std::uint32_t step);
  void finish_expanded(std::uint32_t frame, std::uint32_t step);
  void finish_step(std::uint32_t frame, std::uint32_t step, NodeState state, std::string error);
  void finish_frame(std::uint32_t frame);
  /// Whether its `if` lets it run. An error is of the expression.
  Result<bool> holds(std::uint32_t frame, std::uint32_t step, Stop stop) const;
  std::string why_skipped(std::uint32_t frame, std::uint32_t step) const;
  const PlanStep& plan_step(std::uint32_t frame, std::uint32_t step) const;
  std::string step_path(std::uint32_t frame, std::uint32_t step) const;
  const Record* stored(const std::string& path) const;

  // run_instance.cc: instances
  void start(std::uint32_t frame, std::uint32_t step, std::uint32_t number);
  void restore(std::uint32_t index, const Record& record);
  Status start_task(std::uint32_t index);
  Status start_wait(std::uint32_t index);
  Status start_pipeline(std::uint32_t index, const Record* record);
  Result<boost::json::value> evaluate(std::uint32_t index, const TreeTemplate& tree,
                                      const boost::json::value* result) const;
  /// `differs` may name already why it can't be.
  Result<bool> reuse(std::uint32_t index, const Fingerprint& fingerprint,
                     std::vector<std::string>& differs);
  /// Refuses what is over kRunBytesMax with all that was before.
  Status afford_in_all(std::size_t bytes) const;
  /// Also what is over kParamsBytesMax by itself.
  Status afford(std::size_t bytes) const;
  bool may_end(std::uint32_t index, const Ended& what) const;
  /// That outputs are not too big, and can be read again.
  Status check_outputs(const std::string& text) const;
  std::string outputs_of(std::uint32_t index, const Ended& what, Status& status) const;
  /// The files that a task is given: what `inputs` of its step name.
  Result<std::vector<TaskInput>> inputs_for(std::uint32_t index) const;
  /// Those that a task left, where its step shows them; JSON or empty.
  std::string artifacts_of(std::uint32_t index, const Ended& what, Status& status) const;
  void finish(std::uint32_t index, action::Finish finish);
  /// What an instance came to.
  struct Settled {
    NodeState state = NodeState::succeeded;
    const std::string& outputs;
    const std::string& artifacts;
    std::string error;
  };
  void settle_instance(std::uint32_t index, Settled settled);
  void open_frame(const PlanPipeline& pipeline, std::uint32_t owner, boost::json::value params,
                  const Record* record);

  // run_history.cc: what led to what
  /// Of a wait. What it needs and was done in this run is put into `anew`, by name.
  Fingerprint wait_fingerprint(std::uint32_t index, const boost::json::value& wait,
                               std::vector<std::string>& anew);
  /// Of what outputs are made of, but for the result; nothing where they are the result.
  void add_outputs(std::uint32_t index, Fingerprint& fingerprint) const;
  Fingerprint before(std::uint32_t index, std::vector<std::string>& anew);
  void make_history(std::uint32_t frame, std::uint32_t step);
  void note_made(const std::string& path, const Fingerprint& fingerprint, bool is_reused);
  void note_stored();
  /// Of a node that has ended, and all that is in it: what it takes of the limits of the run.
  void count_stored(const std::string& path);
  bool is_same(const std::string& path, const Fingerprint& fingerprint) const;

  // run_stop.cc: ends before their time
  /// Stops all if that was asked for and has not been done.
  void heed_stop();
  void stop_frame(std::uint32_t frame, Stop stop, const std::string& reason);
  void stop_step(std::uint32_t frame, std::uint32_t step, Stop stop, const std::string& reason);
  void stop_instance(std::uint32_t index, Stop stop, const std::string& reason);
  void come_due(std::uint32_t index);
  void come_due_until(Time time);
  void end(const Ended& what);

  void emit(Action action) { actions_.push_back(std::move(action)); }

  const std::shared_ptr<const Plan> plan_;
  const RunRequest request_;
  Records stored_;
  Time now_{};
  std::deque<Frame> frames_;
  std::deque<Instance> instances_;
  std::unordered_map<std::string, std::uint32_t> running_;  ///< tasks and waits by path
  /// A task or wait that was begun or reused.
  struct Made {
    std::string digest;  ///< of its fingerprint
    bool is_reused = false;
  };
  std::map<std::string, Made> made_;  ///< by path
  std::deque<std::pair<std::uint32_t, std::uint32_t>> work_;
  std::vector<std::uint32_t> ended_frames_;  ///< not yet released
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<Action> actions_;
  std::size_t instances_planned_ = 0;
  std::size_t bytes_ = 0;         ///< of params and outputs
  Stop stop_asked_ = Stop::none;  ///< and not yet acted on
  std::string stop_reason_;
  std::vector<Ended> told_;
  bool finished_ = false;
};

}  // namespace waybill::pipeline
