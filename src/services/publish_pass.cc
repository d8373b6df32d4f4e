#include "services/publish_pass.h"

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "core/prio/planner.h"
#include "services/counted_store.h"
#include "services/publish_listing.h"
#include "services/publish_log.h"
#include "services/publish_tasks.h"

namespace waybill {
namespace {

constexpr std::string_view kOfWhatWasPlanned[] = {
    "intake_tasks_scheduled{", "aggregation_tasks_scheduled{", "number_of_batches_in_aggregation{"};

/// The plan's counts but for those of tasks, which are counted when they are done.
std::map<std::string, std::int64_t> counts_of_found(const Plan& plan) {
  std::map<std::string, std::int64_t> counts = plan.counts;
  for (const std::string_view name : kOfWhatWasPlanned) {
    auto it = counts.lower_bound(std::string(name));
    while (it != counts.end() && it->first.starts_with(name)) it = counts.erase(it);
  }
  return counts;
}

Duration& time_of(PublishReport& report, PublishPhase phase) {
  return report.took[static_cast<int>(phase)];
}

Status list_and_plan(const PublishPorts& ports, const PublishOptions& options,
                     PublishReport& report) {
  const SteadyTime began = ports.clock.steady_now();
  prio::PrioPlanner planner(options.scan, report.now, options.marker_bytes_max);
  if (Status listed = list_for(planner, ports, options, report); !listed) return listed;
  const SteadyTime listed_at = ports.clock.steady_now();
  Duration& planning = time_of(report, PublishPhase::plan);
  time_of(report, PublishPhase::list) = listed_at - began - planning;
  prio::PlanInTurn made = planner.finish_in_turn();
  report.plan = std::move(made.plan);
  report.tasks = std::move(made.tasks);
  planning += ports.clock.steady_now() - listed_at;
  report.counts = counts_of_found(report.plan);
  log_plan(report.plan, made.too_large,
           prio::aggregation_windows(options.scan, report.now).back());
  return {};
}

}  // namespace

Result<PublishReport> run_publish_pass(const PublishPorts& ports, const PublishOptions& options) {
  PublishReport report;
  report.now = options.now.value_or(ports.clock.now());
  const ScanDefinition scan{.name = "workflow-manager", .planner = options.scan};
  if (Status checked = check_scan(scan); !checked) return fail(checked.error());
  if (options.mode == PublishMode::dry_run) {
    if (Status planned = list_and_plan(ports, options, report); !planned) {
      return fail(planned.error());
    }
    report.counts = report.plan.counts;
    return report;
  }
  if (!ports.own.caps().conditional_put) {
    log::warn("no_conditional_put",
              "the bucket of markers has no conditional put: nothing keeps two scanners apart for "
              "sure, so let no two run at a time; nothing is lost either way",
              {{"bucket", ports.own.url()}});
  }
  CountedStore lock_bucket(ports.lock != nullptr ? *ports.lock : ports.own);
  ScanLock lock(lock_bucket, ports.clock, options.lock);
  const Result<ScanLock::Outcome> acquired = lock.acquire(options.stop);
  if (!acquired) return fail(acquired.error());
  if (*acquired == ScanLock::Outcome::held) {
    report.rival = lock.rival();
    return report;
  }
  if (Status planned = list_and_plan(ports, options, report); !planned) {
    return fail(planned.error());
  }
  const SteadyTime began = ports.clock.steady_now();
  publish_tasks(ports, options, lock, report);
  report.tasks.reset();
  time_of(report, PublishPhase::publish) = ports.clock.steady_now() - began;
  lock.release();
  report.tally.lock_calls = lock_bucket.calls();
  log_counts(report);
  return report;
}

}  // namespace waybill
