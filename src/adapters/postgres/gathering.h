#pragma once

#include <chrono>
#include <cstddef>
#include <semaphore>

#include "base/time.h"

namespace waybill::postgres {

/// When small calls of many threads come one after the other, two transactions take turns best,
/// each with half of the callers: one is flushed while the next is made. Those that were answered
/// are about to call again, so to wait a moment for the rest of a half makes one transaction of
/// several. Learns by what came before how many to wait for, how long, and when it is of no use.
/// The owner's lock guards all but wait().
class Gathering {
 public:
  /// So many calls go into a transaction.
  void note_begin(std::size_t callers) { in_flight_ += callers; }
  /// A transaction of so many has ended that took so long, and so many wait.
  void note_end(std::size_t callers, std::size_t waiting, Duration took);
  /// With how many a transaction is to begin.
  std::size_t half() const { return (expected_ + 1) / 2; }
  /// How long to wait when so many are there; zero: begin. Otherwise end() follows.
  Duration begin(std::size_t callers);
  /// So many are there now.
  void note_come(std::size_t callers);
  /// Until all have come that are waited for, or so long. Time really passes, as it does for who
  /// waits for the server.
  void wait(Duration patience);
  void end(std::size_t callers);

 private:
  std::size_t in_flight_ = 0;
  std::size_t expected_ = 0;
  Duration took_{};
  std::size_t began_with_ = 0;
  bool waits_ = false;    // somebody does, from begin() to end(): one at a time
  std::size_t goal_ = 0;  // zero: as many have come
  int passes_ = 0;        // transactions that begin at once, since few came last time
  std::binary_semaphore all_there_{0};
};

}  // namespace waybill::postgres
