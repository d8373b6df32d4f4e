#pragma once

// What a worker and the first process of a container (container_init.c) say to each other: a file
// in memory that both hold, this header and behind it the environment. Read in C and in C++.

#ifdef __cplusplus
#include <cstdint>
extern "C" {
#else
#include <stdint.h>
#endif

enum WaybillBoxState {
  kWaybillBoxNew = 0,      ///< the container did not come to run anything
  kWaybillBoxStarted = 1,  ///< its first process is there; value: 0
  kWaybillBoxNoExec = 2,   ///< the program could not be run; value: errno
  kWaybillBoxEnded = 3,    ///< the program ended; value: its wait status
};

struct WaybillBox {
  uint32_t state;
  int32_t value;
  int64_t user_micros;  ///< of all processes of the container that were reaped
  int64_t system_micros;
  int64_t memory_peak_bytes;   ///< of the largest of them
  uint32_t memory_kills;       ///< processes that were killed for the memory limit
  uint32_t environment_bytes;  ///< NAME=value, each with a zero byte at its end
  uint32_t user;      ///< that the first process becomes, with no rights at all; 0: it is that one
  uint32_t reserved;  ///< 0
};

#ifdef __cplusplus
}
#endif
