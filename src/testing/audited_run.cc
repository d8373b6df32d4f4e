#include "testing/audited_run.h"

#include <algorithm>
#include <variant>

namespace waybill {

void add_report(LedgerReader::Reported& known, const Report& report) {
  if (!report.progress.empty()) known.progress = report.progress;
  if (!report.checkpoint.empty()) known.checkpoint = report.checkpoint;
}

void AuditedRun::says(const Report& report) { add_report(said_, report); }

void AuditedRun::ends(const Outcome& outcome, Time at) {
  ended_at_ = at;
  if (const auto* succeeded = std::get_if<outcome::Succeeded>(&outcome)) {
    end_ = End::succeeded;
    result_ = succeeded->result;
  } else if (const auto* failed = std::get_if<outcome::Failed>(&outcome)) {
    const bool for_good = failed->failure_class == FailureClass::permanent;
    end_ = for_good ? End::failed_for_good : End::failed;
    delay_ = failed->retry_after;
  } else if (const auto* snoozed = std::get_if<outcome::Snoozed>(&outcome)) {
    end_ = End::snoozed;
    delay_ = snoozed->delay;
  } else {
    end_ = End::stopped;
  }
}

bool AuditedRun::may_come_to(Happening happening, std::uint64_t fence) const {
  const bool began = has_begun(fence);
  switch (happening) {
    case Happening::succeeded:
      return began && end_ == End::succeeded;
    case Happening::failed:
      return began && (failed() || failed_for_good());
    case Happening::retry_scheduled:
      return began && failed();
    case Happening::snoozed:
      return !began || end_ == End::snoozed;
    case Happening::given_back:
      return !began || end_ == End::stopped;
    default:
      return !began || end_ != End::none;
  }
}

Time AuditedRun::wished_for(Time recorded_at) const {
  // It was recorded later than it was asked for, or the clock stepped back meanwhile.
  return std::min(recorded_at, ended_at_) + delay_;
}

}  // namespace waybill
