#pragma once

#include <csignal>

namespace waybill {

/// Keeps SIGPIPE from this thread, for libraries that write to connections which the other side may
/// have closed. Within another one of the same thread it costs nothing: who calls such libraries
/// often holds one around all calls.
class SigpipeHeld {
 public:
  SigpipeHeld();
  ~SigpipeHeld();
  SigpipeHeld(const SigpipeHeld&) = delete;
  SigpipeHeld& operator=(const SigpipeHeld&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
  const bool is_outermost_;
};

}  // namespace waybill
