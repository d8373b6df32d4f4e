#pragma once

#include <stop_token>
#include <thread>

#include "base/time.h"
#include "ports/clock.h"

namespace waybill::cli {

/// A stop request that follows another one after a while: what is under way has that long to come
/// to its end.
class LateStop {
 public:
  /// `clock` outlives it.
  LateStop(std::stop_token first, Duration after, Clock& clock);

  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace waybill::cli
