#include "services/run_context.h"

#include <filesystem>
#include <utility>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "core/artifact.h"

namespace waybill {
namespace {

tl::unexpected<Error> no_shelf() {
  return fail(Code::failed_precondition,
              "this worker keeps no artifacts; run one that does: `waybill worker`");
}

}  // namespace

RunContext::RunContext(ExecutorPorts ports, ReportBoard& reports, const Task& task, RunTerms terms)
    : ports_(ports),
      reports_(reports),
      key_(run_key(task)),
      attempt_(task.status.attempt),
      terms_(std::move(terms)) {}

void RunContext::log(LogStream stream, std::string_view bytes) {
  const Lock lock(log_mutex_);
  write_stop_line();
  if (mask_.empty()) return append(stream, std::string(bytes), ports_.clock.now());
  std::string told = streams_[static_cast<std::size_t>(stream)].add(mask_, bytes);
  if (!told.empty()) append(stream, std::move(told), ports_.clock.now());
}

void RunContext::append(LogStream stream, std::string bytes, Time at) {
  const LogChunk chunk{.attempt = attempt_, .at = at, .stream = stream, .bytes = std::move(bytes)};
  const Status appended = ports_.logs.append(key_.task, chunk);
  if (appended || std::exchange(log_failed_, true)) return;
  log::warn("output_not_kept", appended.error().message,
            {{"task", to_string(key_.task)}, {"attempt", attempt_}});
}

Result<std::string> RunContext::secret(std::string_view name) {
  if (ports_.secrets == nullptr) {
    return fail(Code::failed_precondition,
                "this worker is given no secrets; run one that is: `waybill worker`");
  }
  auto value = ports_.secrets->secret_of(key_.task, name);
  if (!value) return value;
  const Lock lock(log_mutex_);
  mask_.add(*value);
  return value;
}

Status RunContext::keep(std::span<const ArtifactFile> files) {
  if (ports_.artifacts == nullptr) return no_shelf();
  std::vector<ArtifactFile> named(files.begin(), files.end());
  for (ArtifactFile& file : named) {
    file.name = masked(file.name);
    file.media_type = masked(file.media_type);
  }
  return ports_.artifacts->keep({.task = key_.task, .fence = key_.fence}, named, stop());
}

Result<std::string> RunContext::fetch(const std::string& sha256, const std::string& name) {
  if (ports_.artifacts == nullptr) return no_shelf();
  if (const Status fits = check_artifact_name(name); !fits) return fail(fits.error());
  const std::filesystem::path path = std::filesystem::path(scratch_directory_) / name;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fail(system_error(error.value(), "making a directory for " + path.string()));
  const Status fetched = ports_.artifacts->fetch({.task = key_.task, .fence = key_.fence}, sha256,
                                                 path.string(), stop());
  if (!fetched) return fail(fetched.error());
  return path.string();
}

std::string RunContext::masked(std::string_view text) {
  const Lock lock(log_mutex_);
  return mask_.mask(text);
}

std::string RunContext::masked_json(std::string_view json) {
  const Lock lock(log_mutex_);
  return mask_.mask_json(json);
}

void RunContext::stop(std::string_view line) {
  {
    const Lock lock(stop_mutex_);
    if (stop_line_.empty()) stop_at_ = ports_.clock.now();
    stop_line_ += line;
  }
  stop_.request_stop();
}

void RunContext::write_stop_line() {
  std::string line;
  Time at{};
  {
    const Lock lock(stop_mutex_);
    line.swap(stop_line_);
    at = stop_at_;
  }
  if (!line.empty()) append(LogStream::system, std::move(line), at);
}

Outcome RunContext::finish(Outcome outcome) {
  const Lock lock(log_mutex_);
  write_stop_line();
  if (mask_.empty()) return outcome;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    std::string rest = streams_[i].finish(mask_);
    if (!rest.empty()) append(static_cast<LogStream>(i), std::move(rest), ports_.clock.now());
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
