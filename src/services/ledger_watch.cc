#include "services/ledger_watch.h"

#include <optional>
#include <utility>

#include "base/log.h"
#include "services/guarded_thread.h"

namespace waybill {
namespace {

constexpr Duration kPauseAfterError = std::chrono::seconds(1);

}  // namespace

LedgerWatch::LedgerWatch(LedgerReader& reader, std::vector<Bell*> bells, Clock& clock)
    : reader_(reader), bells_(std::move(bells)), clock_(clock) {
  thread_ = guarded_thread("ledger_watch", [this](const std::stop_token& stop) { run(stop); });
}

void LedgerWatch::run(const std::stop_token& stop) {
  std::optional<std::uint64_t> seen;
  bool away = false;
  while (!stop.stop_requested()) {
    const auto last = reader_.last_sequence(seen, Deadline{.stop = stop});
    if (!last) {
      // Nothing is lost: whoever waits for a bell looks for itself now and then.
      if (!away) log::warn("ledger_watch_failed", last.error().message);
      away = true;
      clock_.wait_until(clock_.steady_now() + kPauseAfterError, stop);
      continue;
    }
    away = false;
    if (seen == *last) continue;
    seen = *last;
    for (Bell* bell : bells_) bell->ring();
  }
}

}  // namespace waybill
