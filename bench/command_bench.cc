#include "bench/command_bench.h"

#include <spawn.h>
#include <sys/wait.h>

#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "kinds/command/command.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

extern char** environ;  // NOLINT: POSIX declares it in no header

namespace waybill::bench {
namespace {

constexpr std::size_t kParallel = 10;

/// A run that nobody watches.
class UnwatchedContext final : public TaskContext, private TaskArtifacts {
 public:
  explicit UnwatchedContext(std::string scratch) : scratch_(std::move(scratch)) {}
  std::stop_token stop() const override { return {}; }
  SteadyTime deadline() const override { return kSteadyTimeMax; }
  const std::string& scratch_directory() const override { return scratch_; }
  void progress(std::string_view /*json*/) override {}
  void checkpoint(std::string_view /*json*/) override {}
  const std::string& last_checkpoint() const override { return checkpoint_; }
  void log(LogStream /*stream*/, std::string_view /*bytes*/) override {}
  Result<std::string> secret(std::string_view /*name*/) override {
    return fail(Code::not_found, "there are no secrets here");
  }
  TaskArtifacts& artifacts() override { return *this; }

 private:
  Status keep(std::span<const ArtifactFile> /*files*/) override {
    return fail(Code::failed_precondition, "nothing is kept here");
  }
  Result<std::string> fetch(const std::string& /*sha256*/, const std::string& /*name*/) override {
    return fail(Code::not_found, "there are no artifacts here");
  }

  const std::string scratch_;
  const std::string checkpoint_;
};

bool spawn_bare() {
  char program[] = "/bin/true";
  char* arguments[] = {program, nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0) return false;
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}

/// Milliseconds for each of kParallel runs at once; the threads are there before the clock starts.
Result<double> time_round(Clock& clock, const std::function<bool()>& run) {
  std::latch start(1);
  std::vector<char> succeeded(kParallel, 0);
  SteadyTime begin;
  {
    std::vector<std::jthread> threads;
    for (char& one : succeeded) {
      threads.emplace_back([&] {
        start.wait();
        one = run() ? 1 : 0;
      });
    }
    begin = clock.steady_now();
    start.count_down();
  }
  const Duration took = clock.steady_now() - begin;
  for (const char one : succeeded) {
    if (one == 0) return fail(Code::unavailable, "/bin/true could not be run");
  }
  return std::chrono::duration<double, std::milli>(took).count() / kParallel;
}

}  // namespace

Result<Measurement> measure_command(Clock& clock, const CommandBenchParams& params) {
  const auto kind = CommandKind::create({}, clock);
  if (!kind) return fail(kind.error());
  Task task;
  task.request.id.bytes[0] = 1;
  task.request.kind = "command";
  task.request.spec = R"({"command":["/bin/true"]})";
  const auto run_task = [&] {
    UnwatchedContext context(params.directory);
    return std::holds_alternative<outcome::Succeeded>((*kind)->run(task, context));
  };
  Measurement overhead{.name = "command_overhead_ms",
                       .unit = "ms",
                       .note = "beyond posix_spawn, 10 at a time; goal: 2"};
  for (std::size_t repetition = 0; repetition < params.repetitions; ++repetition) {
    std::vector<double> differences;
    for (std::size_t round = 0; round < params.rounds; ++round) {
      const auto bare = time_round(clock, spawn_bare);
      if (!bare) return fail(bare.error());
      const auto full = time_round(clock, run_task);
      if (!full) return fail(full.error());
      differences.push_back(*full - *bare);
    }
    overhead.samples.push_back(median(differences));
  }
  return overhead;
}

}  // namespace waybill::bench
