#include "base/sigpipe_held.h"

#include <ctime>

namespace waybill {
namespace {

thread_local int t_depth = 0;

}  // namespace

SigpipeHeld::SigpipeHeld() : is_outermost_(t_depth++ == 0) {
  if (!is_outermost_) return;
  sigset_t pending;
  sigpending(&pending);
  sigemptyset(&pipe_);
  sigaddset(&pipe_, SIGPIPE);
  was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
}

SigpipeHeld::~SigpipeHeld() {
  --t_depth;
  if (!is_outermost_) return;
  const timespec now{};
  if (!was_pending_) sigtimedwait(&pipe_, nullptr, &now);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace waybill
