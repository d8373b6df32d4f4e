#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <thread>

namespace waybill::cli {

/// What a second SIGINT or SIGTERM does.
enum class SecondSignal : std::uint8_t {
  ends,       ///< the process, at once, with 128 plus its number
  asks_more,  ///< a stop request of its own; the third one ends
};

/// Turns SIGINT and SIGTERM into a stop request. One at a time: construct it before any other
/// thread, so that all of them leave the signals to it.
class Signals {
 public:
  explicit Signals(SecondSignal second = SecondSignal::ends);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  /// The first signal that came; zero: none has.
  int number() const { return number_.load(); }
  std::stop_token second() const { return second_stop_.get_token(); }

 private:
  void wait(const std::stop_token& closing);

  const SecondSignal second_;
  std::stop_source stop_;
  std::atomic<int> number_ = 0;
  std::stop_source second_stop_;
  std::jthread thread_;
};

}  // namespace waybill::cli
