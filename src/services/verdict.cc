#include "services/verdict.h"

#include <array>
#include <string>
#include <utility>

#include "core/proof.h"

namespace waybill {
namespace {

struct Judge {
  const HeldRun& run;
  Time now;
  std::uint64_t fence;

  Event operator()(outcome::Succeeded&& success) const {
    return event::Succeed{.fence = fence, .result = std::move(success.result)};
  }

  Event operator()(outcome::Failed&& failure) const {
    return event::Fail{.fence = fence,
                       .failure_class = failure.failure_class,
                       .error = std::move(failure.error),
                       .retry_after = failure.retry_after};
  }

  Event operator()(outcome::Snoozed&& snooze) const {
    return event::Snooze{.fence = fence, .until = now + snooze.delay};
  }

  Event operator()(outcome::Stopped&& stopped) const {
    if (run.stop == StopReason::cancel) {
      return event::ConfirmCancel{.fence = fence, .proof = std::move(stopped.proof)};
    }
    if (run.stop == StopReason::worker_stops) {
      return event::GiveBack{.fence = fence, .reason = "the worker stops"};
    }
    std::string error = run.stop == StopReason::timed_out
                            ? "timed out: it ran longer than its timeout of " +
                                  format_duration(run.task.request.run_time_max)
                            : "it stopped without having been asked to";
    if (!stopped.proof.empty()) error += "; " + proof_in_words(stopped.proof);
    return event::Fail{.fence = fence,
                       .failure_class = FailureClass::transient,
                       .error = std::move(error),
                       .proof = std::move(stopped.proof)};
  }
};

}  // namespace

std::string_view to_string(StopReason reason) {
  static constexpr std::array<std::string_view, 4> kNames = {"worker_stops", "timed_out", "cancel",
                                                             "lost"};
  return kNames[static_cast<std::size_t>(reason)];
}

Event verdict_of(const HeldRun& run, Outcome outcome, Time now) {
  return std::visit(Judge{run, now, run.task.status.fence}, std::move(outcome));
}

}  // namespace waybill
