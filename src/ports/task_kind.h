#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "core/task.h"
#include "core/transition.h"
#include "ports/artifact_shelf.h"
#include "ports/log_store.h"

namespace waybill {

/// How a run ended.
namespace outcome {
struct Succeeded {
  std::string result;  ///< JSON object or empty
};
struct Failed {
  FailureClass failure_class = FailureClass::transient;
  std::string error;
  Duration retry_after{};
};
struct Snoozed {
  Duration delay{};
};
/// It stopped because the context's token asked it to; `proof` is a JSON object: what was
/// signalled, killed and reaped, and when.
struct Stopped {
  std::string proof;
};
}  // namespace outcome
using Outcome =
    std::variant<outcome::Succeeded, outcome::Failed, outcome::Snoozed, outcome::Stopped>;

/// The files that a run leaves behind, and those that it is given. Thread-safe; blocks.
class TaskArtifacts {
 public:
  virtual ~TaskArtifacts() = default;
  /// Keeps files, all or none, in place of those that were kept before in this attempt: they are
  /// the task's artifacts if the attempt succeeds. Errors as ArtifactShelf::keep, and
  /// `failed_precondition` where runs can leave none.
  virtual Status keep(std::span<const ArtifactFile> files) = 0;
  /// Makes a new file of the content of an artifact, by its SHA-256, below the scratch directory,
  /// for reading only; answers its path. `name` is as an artifact's. Errors as
  /// ArtifactShelf::fetch, `invalid_argument` for the name, `failed_precondition` likewise.
  virtual Result<std::string> fetch(const std::string& sha256, const std::string& name) = 0;
};

/// What a running task may use. Calls are thread-safe and cheap; they never throw.
class TaskContext {
 public:
  virtual ~TaskContext() = default;
  /// Asked for on cancel, on a lost lease and when the worker stops: end soon, return Stopped.
  virtual std::stop_token stop() const = 0;
  /// When this attempt must have ended (run_time_max); kSteadyTimeMax: no limit.
  virtual SteadyTime deadline() const = 0;
  /// An empty directory of this attempt's own, removed after it.
  virtual const std::string& scratch_directory() const = 0;
  /// JSON object; the latest one is kept.
  virtual void progress(std::string_view json) = 0;
  /// JSON object; the latest one is durable soon after, and given to the next attempt.
  virtual void checkpoint(std::string_view json) = 0;
  /// The last attempt's checkpoint; empty: none.
  virtual const std::string& last_checkpoint() const = 0;
  virtual void log(LogStream stream, std::string_view bytes) = 0;
  /// The value of a secret, for the task's own process only: from then on it is masked in all that
  /// this run says and in what comes of it. Errors as for SecretSource.
  virtual Result<std::string> secret(std::string_view name) = 0;
  virtual TaskArtifacts& artifacts() = 0;
};

/// A kind of task. Must be safe to repeat: a run may be cut off at any moment and begun again.
class TaskKind {
 public:
  virtual ~TaskKind() = default;
  virtual std::string_view name() const = 0;
  /// Refuses spec and params that can never run, before the task is accepted. `invalid_argument`
  /// with the JSON pointer of the field.
  virtual Status check(const TaskRequest& request) const = 0;
  /// The JSON Schema of its specs; empty: it takes any.
  virtual std::string_view spec_schema() const { return {}; }
  /// True for a kind whose runs take microseconds and never block. They are run in the worker's own
  /// thread, many claimed at a time, take no slot, and get no scratch directory.
  virtual bool runs_inline() const { return false; }
  /// Runs one attempt; blocks until it has ended. Called from several threads at once.
  virtual Outcome run(const Task& task, TaskContext& context) = 0;
};

}  // namespace waybill
