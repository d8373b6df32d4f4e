#pragma once

#include <chrono>
#include <cstddef>
#include <semaphore>

#include "base/time.h"

namespace waybill::postgres {

/// When small calls of many threads come one after the other, those that a transaction has answered
/// are about to call again: to wait for them a moment makes one transaction of two. Learns by what
/// came before how many to wait for, how long, and when it is of no use. The owner's lock guards
/// all but wait().
class Gathering {
 public:
  /// A transaction that took so long has ended; so many callers were in it, or waited.
  void note_end(std::size_t callers, Duration took);
  /// How long to wait when so many are there; zero: begin. Otherwise end() follows.
  Duration begin(std::size_t callers);
  /// So many are there now.
  void note_come(std::size_t callers);
  /// Until all have come that are waited for, or so long. Time really passes, as it does for who
  /// waits for the server.
  void wait(Duration patience);
  void end(std::size_t callers);

 private:
  std::size_t expected_ = 0;
  Duration took_{};
  std::size_t began_with_ = 0;
  std::size_t goal_ = 0;  // zero: nobody waits
  int passes_ = 0;        // transactions that begin at once, since few came last time
  std::binary_semaphore all_there_{0};
};

}  // namespace waybill::postgres
