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
  if (mask_.empty()) return append(stream, std::string(bytes));
  std::string told = streams_[static_cast<std::size_t>(stream)].add(mask_, bytes);
  if (!told.empty()) append(stream, std::move(told));
}

void RunContext::append(LogStream stream, std::string bytes) {
  const LogChunk chunk{
      .attempt = attempt_, .at = ports_.clock.now(), .stream = stream, .bytes = std::move(bytes)};
  const Status appended = ports_.logs.append(key_.task, chunk);
  if (appended || std::exchange(log_failed_, true)) return;
  log::warn("output_not_kept", appended.error().message,
            {{"task", to_string(key_.task)}, {"attempt", attempt_}});
}

Result<std::string> RunContext::secret(std::string_view name) {
  if (ports_.secrets == nullptr) {
    return fail(Code::failed_precondition,
                "a worker of --server is given no secrets; run one where the ledger is");
  }
  auto value = ports_.secrets->secret(name);
  if (!value) return value;
  const Lock lock(log_mutex_);
  mask_.add(*value);
  return value;
}

std::string RunContext::masked(std::string_view text) {
  const Lock lock(log_mutex_);
  return mask_.mask(text);
}

std::string RunContext::masked_json(std::string_view json) {
  const Lock lock(log_mutex_);
  return mask_.mask_json(json);
}

Outcome RunContext::finish(Outcome outcome) {
  const Lock lock(log_mutex_);
  if (mask_.empty()) return outcome;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    std::string rest = streams_[i].finish(mask_);
    if (!rest.empty()) append(static_cast<LogStream>(i), std::move(rest));
  }
  if (auto* succeeded = std::get_if<outcome::Succeeded>(&outcome)) {
    succeeded->result = mask_.mask_json(succeeded->result);
  } else if (auto* failed = std::get_if<outcome::Failed>(&outcome)) {
    failed->error = mask_.mask(failed->error);
  } else if (auto* stopped = std::get_if<outcome::Stopped>(&outcome)) {
    stopped->proof = mask_.mask_json(stopped->proof);
  }
  return outcome;
}

void RunContext::report(std::string_view progress, std::string_view checkpoint) {
  if (progress.empty() && checkpoint.empty()) return;
  if (reports_.put(key_, progress, checkpoint, ports_.clock.steady_now())) ports_.bell.ring();
}

}  // namespace waybill
