#include "decorators/faults.h"

namespace waybill {

void Faults::set_rates(const FaultRates& rates) {
  const Lock lock(mutex_);
  rates_ = rates;
}

void Faults::crash() {
  const Lock lock(mutex_);
  crashed_ = true;
}

bool Faults::crashed() const {
  const Lock lock(mutex_);
  return crashed_;
}

FaultCounts Faults::counts() const {
  const Lock lock(mutex_);
  return counts_;
}

Faults::Fate Faults::decide() {
  const Lock lock(mutex_);
  Fate fate;
  double roll = rng_.unit();
  const bool alive = !crashed_;
  const auto falls_to = [&roll, alive](double rate, std::uint64_t& count) {
    const bool hit = roll >= 0 && roll < rate;
    roll -= rate;
    count += hit && alive ? 1 : 0;
    return hit;
  };
  if (falls_to(rates_.before, counts_.before)) {
    fate.fails_before = true;
  } else if (falls_to(rates_.reply_lost, counts_.reply_lost)) {
    fate.reply_lost = true;
  } else if (falls_to(rates_.stall, counts_.stall)) {
    const Duration length(
        static_cast<Duration::rep>(rng_.unit() * static_cast<double>(rates_.stall_max.count())));
    (rng_.chance(0.5) ? fate.stall_before : fate.stall_after) = length;
  } else if (falls_to(rates_.crash, counts_.crash)) {
    fate.crashes = rng_.chance(0.5);
    if (!fate.crashes) crashed_ = true;
  }
  return fate;
}

void Faults::stall(Duration duration) { clock_.wait_until(clock_.steady_now() + duration, {}); }

tl::unexpected<Error> Faults::not_done(std::string_view what) {
  return fail(Code::unavailable, "injected fault: " + std::string(what) + " was not done");
}

tl::unexpected<Error> Faults::unknown(std::string_view what) {
  return fail(Code::deadline_exceeded,
              "injected fault: the reply to " + std::string(what) + " was lost");
}

}  // namespace waybill
