#include "kinds/command/environment.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/file_descriptor.h"
#include "core/trace_context.h"
#include "kinds/command/supervisor_protocol.h"

namespace waybill {
namespace {

// One string of an environment may have 128 KiB (execve(2), MAX_ARG_STRLEN).
constexpr std::size_t kValueBytesMax = 100 << 10;

bool is_inherited(std::string_view name) {
  for (const std::string_view known : {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ"}) {
    if (name == known) return true;
  }
  return name.starts_with("LC_");
}

Status spill_to_file(const std::string& path, std::string_view text, std::int64_t owner) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  if (owner >= 0 &&
      ::fchown(file.get(), static_cast<uid_t>(owner), static_cast<gid_t>(owner)) != 0) {
    return fail(system_error(errno, "giving " + path + " to the program"));
  }
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing " + path));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

struct LongValues {
  std::string directory;
  std::string seen_as;
  std::int64_t owner = -1;
};

Status put_or_spill(Environment& environment, const std::string& name, const std::string& value,
                    const LongValues& places) {
  if (value.size() <= kValueBytesMax) {
    environment[name] = value;
    return {};
  }
  environment[name + "_FILE"] = places.seen_as + "/" + name;
  return spill_to_file(places.directory + "/" + name, value, places.owner);
}

}  // namespace

Environment inherited_environment() {
  Environment environment;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == text.npos || !is_inherited(text.substr(0, equals))) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  environment.emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
  return environment;
}

std::vector<std::string> environment_texts(const Environment& environment) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : environment) texts.push_back(name + "=" + value);
  return texts;
}

Result<std::vector<std::string>> make_environment(Environment environment,
                                                  const EnvironmentParams& params) {
  const auto& [spec, task, places, checkpoint, directory, seen_as, inputs, owner] = params;
  const std::string& scratch = places.scratch;
  environment["TMPDIR"] = scratch;
  for (const auto& [name, value] : spec.environment) environment[name] = value;
  environment["WAYBILL_TASK_ID"] = to_string(task.id());
  environment["WAYBILL_ATTEMPT"] = std::to_string(task.status.attempt);
  environment["WAYBILL_SCRATCH"] = scratch;
  environment["WAYBILL_ARTIFACTS"] = places.artifacts;
  environment["WAYBILL_INPUTS"] = inputs.empty() ? scratch : inputs;
  environment["WAYBILL_REPORT_FD"] = std::to_string(kWaybillReportFd);
  // W3C Trace Context: what the program does belongs to the trace of whoever asked for it.
  for (const auto& [name, value] : task.request.labels) {
    if (name == kTraceLabel && is_traceparent(value)) environment.emplace("TRACEPARENT", value);
  }
  const LongValues elsewhere =
      directory.empty() ? LongValues{scratch, scratch, -1} : LongValues{directory, seen_as, owner};
  Status put = put_or_spill(environment, "WAYBILL_PARAMS", task.request.params, elsewhere);
  if (put && !checkpoint.empty()) {
    put = put_or_spill(environment, "WAYBILL_CHECKPOINT", checkpoint, elsewhere);
  }
  if (!put) return fail(put.error());
  return environment_texts(environment);
}

}  // namespace waybill
