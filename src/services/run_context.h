#pragma once

#include <array>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "core/secret_mask.h"
#include "ports/artifact_shelf.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/log_store.h"
#include "ports/scratch_space.h"
#include "ports/secret_source.h"
#include "ports/task_kind.h"
#include "services/executor.h"
#include "services/report_board.h"

namespace waybill {

/// What a ThreadExecutor works with; all of it outlives the executor.
struct ExecutorPorts {
  Clock& clock;
  LogSink& logs;
  ScratchSpace& scratch;
  Bell& bell;  ///< rung when a run has ended or, now and then, has something to report
  SecretSource* secrets = nullptr;     ///< null: no run here is given any
  ArtifactShelf* artifacts = nullptr;  ///< null: no run here leaves any
};

/// One run as its kind sees it. Thread-safe.
class RunContext final : public TaskContext, private TaskArtifacts {
 public:
  RunContext(ExecutorPorts ports, ReportBoard& reports, const Task& task, RunTerms terms);

  std::stop_token stop() const override { return stop_.get_token(); }
  SteadyTime deadline() const override { return terms_.deadline; }
  const std::string& scratch_directory() const override { return scratch_directory_; }
  void progress(std::string_view json) override { report(masked_json(json), {}); }
  void checkpoint(std::string_view json) override { report({}, masked_json(json)); }
  const std::string& last_checkpoint() const override { return terms_.checkpoint; }
  void log(LogStream stream, std::string_view bytes) override;
  Result<std::string> secret(std::string_view name) override;
  TaskArtifacts& artifacts() override { return *this; }

  /// A text that the run has made, without the secrets that it was given.
  std::string masked(std::string_view text);
  /// To be called when the kind's run is over: what it came to, without secrets, and the rest of
  /// its output, which was held back as long as it could be the beginning of one.
  Outcome finish(Outcome outcome);
  void request_stop() { stop_.request_stop(); }
  /// The same, with a line for the log. The run's own thread writes it, which may have to wait for
  /// the log; whoever stops it does not.
  void stop(std::string_view line);
  void set_scratch_directory(std::string directory) { scratch_directory_ = std::move(directory); }

 private:
  Status keep(std::span<const ArtifactFile> files) override;
  Result<std::string> fetch(const std::string& sha256, const std::string& name) override;
  void report(std::string_view progress, std::string_view checkpoint);
  std::string masked_json(std::string_view json);
  void append(LogStream stream, std::string bytes, Time at) REQUIRES(log_mutex_);
  void write_stop_line() REQUIRES(log_mutex_);

  ExecutorPorts ports_;
  ReportBoard& reports_;
  const RunKey key_;
  const std::uint32_t attempt_;
  const RunTerms terms_;
  std::stop_source stop_;
  std::string scratch_directory_;
  Mutex stop_mutex_;
  std::string stop_line_ GUARDED_BY(stop_mutex_);
  Time stop_at_ GUARDED_BY(stop_mutex_){};
  // Of the threads of a run: a LogStore takes one writer at a time.
  Mutex log_mutex_;
  bool log_failed_ GUARDED_BY(log_mutex_) = false;
  SecretMask mask_ GUARDED_BY(log_mutex_);
  std::array<MaskedStream, 3> streams_ GUARDED_BY(log_mutex_);  // by LogStream
};

}  // namespace waybill
