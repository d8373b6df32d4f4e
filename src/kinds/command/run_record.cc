#include "kinds/command/run_record.h"

#include <sys/wait.h>

#include <boost/json.hpp>
#include <csignal>
#include <cstring>
#include <system_error>

#include "base/json.h"
#include "core/size.h"

namespace waybill {
namespace bj = boost::json;
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

outcome::Failed failed(FailureClass failure_class, std::string error) {
  return {.failure_class = failure_class, .error = std::move(error)};
}

/// Whether the program or its files are wrong, which no second attempt mends.
bool is_program_missing(const RunRecord& record) {
  if (record.start_stage != kWaybillStageExec && record.start_stage != kWaybillStageDirectory) {
    return false;
  }
  return record.start_errno != EAGAIN && record.start_errno != ENOMEM &&
         record.start_errno != ETXTBSY;
}

outcome::Failed judge_start(const RunRecord& record, const CommandSpec& spec) {
  const std::string why = std::generic_category().message(record.start_errno);
  const FailureClass failure_class =
      is_program_missing(record) ? FailureClass::permanent : FailureClass::transient;
  switch (record.start_stage) {
    case kWaybillStageExec:
      return failed(failure_class, "cannot run " + spec.argv.front() + ": " + why +
                                       "; check the command and the worker's PATH");
    case kWaybillStageDirectory:
      return failed(failure_class, "cannot enter working_directory " + spec.working_directory +
                                       ": " + why + "; make it where the worker runs");
    case kWaybillStageCgroup:
      return failed(failure_class, "cannot put the program into its cgroup: " + why);
    case kWaybillStageLimit:
      return failed(failure_class, "cannot set the program's limits: " + why);
    default:
      return failed(failure_class, "cannot make a process for the program: " + why);
  }
}

bool cpu_limit_hit(const RunRecord& record, const CommandSpec& spec) {
  if (!spec.limits.cpu || !WIFSIGNALED(record.wait_status)) return false;
  const int signal = WTERMSIG(record.wait_status);
  if (signal == SIGXCPU) return true;
  return signal == SIGKILL && record.user_time + record.system_time >= *spec.limits.cpu;
}

std::string memory_error(const RunRecord& record, const CommandSpec& spec) {
  return "killed: it went over its memory limit of " + format_size(*spec.limits.memory_bytes) +
         " (" + describe_end(record) + ", largest process " +
         format_size(record.memory_peak_bytes) + "); raise limits.memory or make it use less";
}

/// Without a cgroup nobody can say that it was the limit: the program only sees allocations fail.
std::string memory_suspicion(const RunRecord& record, const CommandSpec& spec) {
  if (!spec.limits.memory_bytes || record.memory_is_guarded) return {};
  return "; perhaps for its memory limit of " + format_size(*spec.limits.memory_bytes) +
         " a process, which can't be told without a cgroup";
}

}  // namespace

void RunRecord::add(const WaybillNews& news) {
  const Time at = from_micros(news.at_micros);
  user_time = Duration(news.user_micros);
  system_time = Duration(news.system_micros);
  memory_peak_bytes = news.memory_peak_bytes;
  switch (news.event) {
    case kWaybillStarted:
      started = true;
      break;
    case kWaybillNotStarted:
      start_errno = news.value;
      start_stage = static_cast<int>(news.stage);
      break;
    case kWaybillSignalled:
      signalled_at = at;
      break;
    case kWaybillKilled:
      killed_at = at;
      break;
    case kWaybillExited:
      exited_at = at;
      wait_status = news.value;
      stopped = signalled_at != Time{} || killed_at != Time{};
      break;
    case kWaybillCleared:
      cleared = news.value;
      break;
    case kWaybillEnded:
      reaped_at = at;
      left_behind = news.value;
      break;
    default:
      break;
  }
}

std::string proof_json(const RunRecord& record) {
  bj::object proof;
  const auto add_time = [&](bj::string_view name, Time time) {
    if (time != Time{}) proof.emplace(name, format_time(time));
  };
  add_time("requested_at", record.requested_at);
  add_time("signalled_at", record.signalled_at);
  add_time("killed_at", record.killed_at);
  add_time("exited_at", record.exited_at);
  add_time("reaped_at", record.reaped_at);
  if (record.exited_at != Time{}) {
    if (WIFEXITED(record.wait_status))
      proof.emplace("exit_status", WEXITSTATUS(record.wait_status));
    if (WIFSIGNALED(record.wait_status)) proof.emplace("signal", WTERMSIG(record.wait_status));
  }
  proof.emplace("left_behind", record.left_behind);
  proof.emplace("user_seconds", seconds(record.user_time));
  proof.emplace("system_seconds", seconds(record.system_time));
  proof.emplace("memory_peak_bytes", record.memory_peak_bytes);
  return json::serialize(proof);
}

std::string describe_end(const RunRecord& record) {
  if (WIFEXITED(record.wait_status)) {
    return "exit status " + std::to_string(WEXITSTATUS(record.wait_status));
  }
  const int signal = WTERMSIG(record.wait_status);
  const char* meaning = ::sigdescr_np(signal);  // strsignal is for one thread alone
  return "signal " + std::to_string(signal) + " (" + (meaning ? meaning : "unknown") + ")";
}

Outcome judge(const RunRecord& record, const CommandSpec& spec, std::string result) {
  if (record.start_errno != 0) return judge_start(record, spec);
  if (record.reaped_at == Time{}) {
    return failed(FailureClass::transient,
                  "the program's supervisor was killed, and the program with it");
  }
  if (record.stopped && record.requested_at != Time{}) {
    return outcome::Stopped{.proof = proof_json(record)};
  }
  const bool exited = WIFEXITED(record.wait_status);
  const int status = exited ? WEXITSTATUS(record.wait_status) : 0;
  const ExitMeaning meaning = !exited       ? ExitMeaning::transient
                              : status == 0 ? ExitMeaning::succeeded
                                            : meaning_of_exit(spec, status);
  if (meaning == ExitMeaning::succeeded) return outcome::Succeeded{.result = std::move(result)};
  if (record.memory_limit_hit) {
    return failed(FailureClass::permanent, memory_error(record, spec));
  }
  if (cpu_limit_hit(record, spec)) {
    return failed(FailureClass::permanent, "killed: it used up its processor time of " +
                                               format_duration(*spec.limits.cpu) +
                                               "; raise limits.cpu");
  }
  const FailureClass failure_class =
      meaning == ExitMeaning::transient ? FailureClass::transient : FailureClass::permanent;
  const std::string what = exited ? "the program ended with " : "the program was killed by ";
  return failed(failure_class, what + describe_end(record) + memory_suspicion(record, spec));
}

}  // namespace waybill
