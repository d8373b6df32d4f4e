#include "adapters/postgres/gathering.h"

#include <algorithm>

namespace waybill::postgres {
namespace {

/// No longer than a transaction takes, and than this: callers that were answered are back sooner,
/// or do not come.
constexpr Duration kPatienceMax = std::chrono::milliseconds(2);
constexpr int kPasses = 8;

}  // namespace

void Gathering::note_end(std::size_t callers, std::size_t waiting, Duration took) {
  expected_ = in_flight_ + waiting;
  in_flight_ -= callers;
  took_ = took;
}

Duration Gathering::begin(std::size_t callers) {
  if (callers >= half() || waits_) return {};
  if (passes_ > 0) {
    --passes_;
    return {};
  }
  const Duration patience = std::min(took_, kPatienceMax);
  if (patience <= Duration(0)) return {};
  waits_ = true;
  goal_ = half();
  began_with_ = callers;
  return patience;
}

void Gathering::note_come(std::size_t callers) {
  if (goal_ == 0 || callers < goal_) return;
  goal_ = 0;
  all_there_.release();
}

void Gathering::wait(Duration patience) {
  [[maybe_unused]] const bool came = all_there_.try_acquire_for(patience);
}

void Gathering::end(std::size_t callers) {
  // They may all have come at the last moment.
  [[maybe_unused]] const bool came = all_there_.try_acquire();
  const bool few = goal_ != 0 && callers < began_with_ + (goal_ - began_with_ + 1) / 2;
  if (few) passes_ = kPasses;
  goal_ = 0;
  waits_ = false;
}

}  // namespace waybill::postgres
