#pragma once

// What a run's supervisor and its worker say to each other: one message a packet, over a socket of
// type SOCK_SEQPACKET, both in one binary. Read by the supervisor in C and by the worker in C++.

#ifdef __cplusplus
#include <cstdint>
extern "C" {
#else
#include <stdint.h>
#endif

/// Descriptors that the supervisor finds open: 0, 1 and 2 are the program's own.
enum WaybillFd {
  kWaybillReportFd = 3,
  kWaybillControlFd = 4,
  kWaybillGivenFd = 5,  ///< with the option `give`: the program finds it as descriptor 4
};

enum WaybillEvent {
  kWaybillStarted = 1,     ///< value: process id of the program
  kWaybillNotStarted = 2,  ///< value: errno; stage: what failed
  kWaybillSignalled = 3,   ///< SIGTERM was sent to the group; value: 0
  kWaybillKilled = 4,      ///< SIGKILL was sent to all that was left; value: 0
  kWaybillExited = 5,      ///< the program itself ended; value: wait status
  kWaybillEnded = 6,       ///< nothing is left; value: processes that had outlived the program
  kWaybillMounted = 7,     ///< its scratch directory, as a descriptor that comes along
  kWaybillCleared = 8,     ///< the program that cleans up ended; value: wait status
};

enum WaybillStage {
  kWaybillStageFork = 1,
  kWaybillStageCgroup = 2,
  kWaybillStageLimit = 3,
  kWaybillStageDirectory = 4,
  kWaybillStageExec = 5,
  kWaybillStageMount = 6,
};

/// From the supervisor. Times are UTC; use is of all processes reaped so far.
struct WaybillNews {
  uint32_t event;
  int32_t value;
  int64_t at_micros;
  int64_t user_micros;
  int64_t system_micros;
  int64_t memory_peak_bytes;  ///< of the largest process
  uint32_t stage;
  uint32_t reserved;
};

/// From the worker: end the run, SIGTERM now and SIGKILL after the grace. When the worker goes away
/// without having said so, all is killed at once.
struct WaybillStop {
  int64_t grace_micros;
};

#ifdef __cplusplus
}
#endif
