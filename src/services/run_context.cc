#include "services/run_context.h"

#include <utility>

#include "base/log.h"

namespace waybill {

RunContext::RunContext(ExecutorPorts ports, ReportBoard& reports, const Task& task, RunTerms terms)
    : ports_(ports),
      reports_(reports),
      key_(run_key(task)),
      attempt_(task.status.attempt),
      terms_(std::move(terms)) {}

void RunContext::log(LogStream stream, std::string_view bytes) {
  const Lock lock(log_mutex_);
  const LogChunk chunk{
      .attempt = attempt_, .at = ports_.clock.now(), .stream = stream, .bytes = std::string(bytes)};
  const Status appended = ports_.logs.append(key_.task, chunk);
  if (appended || std::exchange(log_failed_, true)) return;
  log::warn("output_not_kept", appended.error().message,
            {{"task", to_string(key_.task)}, {"attempt", attempt_}});
}

void RunContext::report(std::string_view progress, std::string_view checkpoint) {
  if (progress.empty() && checkpoint.empty()) return;
  if (reports_.put(key_, progress, checkpoint, ports_.clock.steady_now())) ports_.bell.ring();
}

}  // namespace waybill
