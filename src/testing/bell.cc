#include "testing/bell.h"

#include <algorithm>
#include <utility>

namespace waybill {

std::uint64_t Bell::rung() const {
  const Lock lock(mutex_);
  return rung_;
}

void Bell::ring() {
  std::vector<std::stop_source> waiting;
  {
    const Lock lock(mutex_);
    ++rung_;
    waiting.swap(waiting_);
  }
  // Outside the lock: a stop callback runs here and now.
  for (std::stop_source& source : waiting) source.request_stop();
}

Bell::Woken Bell::wait(std::uint64_t seen, const Deadline& deadline, Clock& clock) {
  std::stop_source source;
  {
    const Lock lock(mutex_);
    if (rung_ != seen) return Woken::rung;
    waiting_.push_back(source);
  }
  {
    std::stop_callback stop(deadline.stop, [&source] { source.request_stop(); });
    if (clock.steady_now() < deadline.at) clock.wait_until(deadline.at, source.get_token());
  }
  const Lock lock(mutex_);
  std::erase(waiting_, source);
  return rung_ == seen ? Woken::in_vain : Woken::rung;
}

}  // namespace waybill
