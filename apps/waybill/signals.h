#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace waybill::cli {

/// Turns SIGINT and SIGTERM into a stop request; the second one ends the process at once with 128
/// plus its number. One at a time: construct it before any other thread, so that all of them leave
/// the signals to it.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  /// The first signal that came; zero: none has.
  int number() const { return number_.load(); }

 private:
  void wait(const std::stop_token& closing);

  std::stop_source stop_;
  std::atomic<int> number_ = 0;
  std::jthread thread_;
};

}  // namespace waybill::cli
