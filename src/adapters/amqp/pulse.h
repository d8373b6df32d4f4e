#pragma once

#include <functional>
#include <thread>

#include "base/time.h"

namespace waybill::amqp {

/// A thread that calls `beat` again and again, after as long as each call answers, until its end.
/// It waits by the system's time, as the library does that counts heartbeats: no clock in a test's
/// hand stands still or leaps for a broker.
class Pulse {
 public:
  explicit Pulse(std::function<Duration()> beat);

 private:
  std::jthread thread_;
};

}  // namespace waybill::amqp
