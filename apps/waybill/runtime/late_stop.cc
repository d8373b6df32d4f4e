#include "apps/waybill/runtime/late_stop.h"

#include <utility>

#include "services/guarded_thread.h"

namespace waybill::cli {
namespace {

/// Returns when one of the two was asked for.
void wait_for_either(const std::stop_token& first, const std::stop_token& second, Clock& clock) {
  std::stop_source either;
  const auto ask = [&either] { either.request_stop(); };
  const std::stop_callback by_first(first, ask);
  const std::stop_callback by_second(second, ask);
  while (!either.stop_requested()) {
    clock.wait_until(clock.steady_now() + std::chrono::hours(24), either.get_token());
  }
}

}  // namespace

LateStop::LateStop(std::stop_token first, Duration after, Clock& clock)
    : thread_(guarded_thread(
          "late stop", [this, first = std::move(first), after, &clock](std::stop_token closing) {
            wait_for_either(first, closing, clock);
            if (closing.stop_requested()) return;
            clock.wait_until(clock.steady_now() + after, closing);
            if (!closing.stop_requested()) stop_.request_stop();
          })) {}

}  // namespace waybill::cli
