#include "apps/waybill/signals.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>

namespace waybill::cli {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Signals::Signals(SecondSignal second) : second_(second) {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::jthread([this](const std::stop_token& closing) { wait(closing); });
}

Signals::~Signals() {
  thread_.request_stop();
  thread_.join();
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Signals::wait(const std::stop_token& closing) {
  const sigset_t set = ending_signals();
  while (!closing.stop_requested()) {
    const timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
    const int signal = sigtimedwait(&set, nullptr, &pause);
    if (signal < 0) continue;
    if (!stop_.stop_requested()) {
      number_.store(signal);
      stop_.request_stop();
      continue;
    }
    if (second_ == SecondSignal::ends || second_stop_.stop_requested()) ::_exit(128 + signal);
    second_stop_.request_stop();
  }
}

}  // namespace waybill::cli
