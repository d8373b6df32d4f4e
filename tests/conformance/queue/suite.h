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
  std::size_t messages_max = 1000;  ///< only for what has such a bound
  std::size_t body_bytes_max = 1024;
  Duration visibility = std::chrono::seconds(30);  ///< of a delivery; only for what expires
};

/// Whose time the queue under test goes by.
enum class QueueTime {
  simulated,  ///< that of the clock it is given, which the suite moves
  real,       ///< that of a server: the suite waits for what is to come
};

/// One implementation under test. `make` is called for each case, and again where a case wants
/// other limits, with a clock that outlives the queue; each queue it makes is empty. Null: it
/// cannot be had on this machine, `make` has recorded why (GTEST_SKIP or a failure).
struct QueueImplementation {
  std::string name;
  std::function<std::unique_ptr<Queue>(Clock&, const QueueLimits&)> make;
  QueueTime time = QueueTime::simulated;
  Duration visibility = std::chrono::seconds(30);  ///< in cases that wait until one is over
};

/// What every Queue does. This suite and those below, as far as the caps go, are the definition of
/// the port. Link `waybill_conformance_queue` and instantiate each suite that fits.
class QueueConformance : public testing::TestWithParam<QueueImplementation> {
 protected:
  void SetUp() override { make({}); }
  void make(const QueueLimits& limits);

  bool simulated() const { return GetParam().time == QueueTime::simulated; }
  Clock& clock();

  /// Publishes; each must be taken.
  void publish(const std::vector<Message>& messages);
  /// What is visible now, without waiting.
  std::vector<Delivery> receive(std::size_t limit = 100);
  /// Exactly `count` messages: a server may need a moment to show them, and several calls.
  std::vector<Delivery> receive_exactly(std::size_t count);
  /// The only message that is visible now.
  Delivery receive_one();
  /// The only message that comes back when `visibility` from now is over.
  Delivery receive_one_after(Duration visibility);
  /// A time by which the queue has to have done what it is asked.
  SteadyTime soon();

  SimClock sim_clock_{OnWait::blocks};
  std::unique_ptr<Queue> queue_;
};

/// What a Queue does whose caps say `receives`.
class QueueReceiving : public QueueConformance {};
/// What a Queue does whose caps say `receives` and `expires`.
class QueueExpiring : public QueueConformance {
 protected:
  void SetUp() override { make({.visibility = GetParam().visibility}); }
};
/// What a Queue does whose caps name `messages_max`.
class QueueBounded : public QueueConformance {};

/// Messages of these numbers: the number is the id and, in a small JSON text, the body.
std::vector<Message> numbered_messages(int first, int last);
/// The bodies, sorted.
std::vector<std::string> sorted_bodies(const std::vector<Delivery>& deliveries);

}  // namespace waybill
