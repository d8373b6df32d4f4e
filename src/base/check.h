#pragma once

namespace waybill {

/// Prints `file:line: check failed: condition: why` on stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);

}  // namespace waybill

/// Guards an invariant of our own; stays on in release. A failure is a bug: the state is durable
/// and a restart is cheap, so the process aborts. Never for outside input.
#define WAYBILL_CHECK(condition, why)                                 \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::waybill::check_failed(__FILE__, __LINE__, #condition, (why)); \
  } while (false)
