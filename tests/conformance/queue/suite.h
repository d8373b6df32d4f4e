#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/queue.h"
#include "testing/sim_clock.h"

namespace waybill {

/// How the suite wants a queue to be set up.
struct QueueLimits {
  std::size_t messages_max = 1000;
  std::size_t body_bytes_max = 1024;
  Duration visibility = std::chrono::seconds(30);
};

/// One implementation under test. `make` is called for each case, with a clock that outlives it.
struct QueueImplementation {
  std::string name;
  std::function<std::unique_ptr<Queue>(Clock&, const QueueLimits&)> make;
};

/// What every Queue does: this suite is the definition of the port. Link
/// `waybill_conformance_queue` and instantiate it with a QueueImplementation.
class QueueConformance : public testing::TestWithParam<QueueImplementation> {
 protected:
  void SetUp() override { make({}); }
  void make(const QueueLimits& limits);

  /// Publishes; each must be taken.
  void publish(const std::vector<Message>& messages);
  /// What is visible now, without waiting.
  std::vector<Delivery> receive(std::size_t limit = 100);
  /// The only message that is visible now.
  Delivery receive_one();

  SimClock clock_{OnWait::blocks};
  std::unique_ptr<Queue> queue_;
};

}  // namespace waybill
