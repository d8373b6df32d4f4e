#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "kinds/command/spec.h"
#include "kinds/command/supervisor_protocol.h"
#include "ports/task_kind.h"

namespace waybill {

/// What became of one run of a program, as its supervisor told it. Times of zero: did not happen.
struct RunRecord {
  Time requested_at{};  ///< when it was asked to stop
  Time signalled_at{};  ///< SIGTERM to the group
  Time killed_at{};     ///< SIGKILL to all that was left
  Time exited_at{};     ///< the program itself
  Time reaped_at{};     ///< nothing of it was left
  int wait_status = 0;  ///< of the program, if it exited
  int left_behind = 0;  ///< processes that outlived the program, and were ended
  Duration user_time{};
  Duration system_time{};
  std::int64_t memory_peak_bytes = 0;
  bool started = false;
  bool stopped = false;            ///< it was signalled or killed before it ended by itself
  int start_errno = 0;             ///< set if it could not be started
  int start_stage = 0;             ///< WaybillStage
  int cleared = 0;                 ///< wait status of the program that cleans up, if there is one
  bool memory_limit_hit = false;   ///< the cgroup's own account
  bool memory_is_guarded = false;  ///< a cgroup watched the memory

  void add(const WaybillNews& news);
  /// There will be no more news.
  bool over() const { return reaped_at != Time{} || start_errno != 0; }
};

/// What a cancel and a time-out leave behind as proof: JSON object with
/// requested_at, signalled_at, killed_at, exited_at, reaped_at, exit_status or signal, left_behind,
/// user_seconds, system_seconds, memory_peak_bytes; what did not happen is left out.
std::string proof_json(const RunRecord& record);

/// `exit status 3`, `signal 9 (Killed)`.
std::string describe_end(const RunRecord& record);

/// How the run ended, for the ledger. `result` is the JSON object of what it put out.
Outcome judge(const RunRecord& record, const CommandSpec& spec, std::string result);

}  // namespace waybill
