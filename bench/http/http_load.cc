// Loads the HTTP API, for bench/api.py: one line of JSON tells what came of it.

#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "bench/history_fill.h"
#include "bench/http/loads.h"

namespace waybill::bench {
namespace {

constexpr const char* kUsage =
    "http_load get|create|work|read|events PORT [name=value...]: connections, batch, tasks, "
    "streams, seconds, warm_up, path, keys\n"
    "http_load fill FILE tasks=N: finished tasks into a fresh SQLite ledger\n";

using Load = Result<LoadReport> (*)(const LoadOptions&);

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool take(LoadOptions& options, std::string_view name, std::string_view value) {
  const auto count = static_cast<std::size_t>(number(value));
  if (name == "connections") options.connections = count;
  if (name == "batch") options.batch = count;
  if (name == "tasks") options.tasks = count;
  if (name == "streams") options.streams = count;
  if (name == "seconds") options.time.seconds = number(value);
  if (name == "warm_up") options.time.warm_up_s = number(value);
  if (name == "path") options.path = value;
  if (name == "keys") options.keys = value == "yes";
  return name == "path" || name == "keys" || !value.empty();
}

/// Of sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void print(const LoadReport& report) {
  const auto& answered = report.result.answered_ms;
  std::printf(
      "{\"seconds\": %.4f, \"answers\": %zu, \"tasks\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
      "\"max_ms\": %.3f, \"events\": %zu, \"event_p50_ms\": %.3f, \"event_p99_ms\": %.3f}\n",
      report.result.seconds, answered.size(), report.tasks, quantile(answered, 0.5),
      quantile(answered, 0.99), quantile(answered, 1), report.event_ms.size(),
      quantile(report.event_ms, 0.5), quantile(report.event_ms, 0.99));
}

int failed(const Error& error) {
  std::fprintf(stderr, "http_load: %s\n", error.message.c_str());
  return 1;
}

int run(int count, char** arguments) {
  static const std::map<std::string_view, Load> loads = {{"get", run_get},
                                                         {"create", run_create},
                                                         {"work", run_work},
                                                         {"read", run_read},
                                                         {"events", run_events}};
  LoadOptions options;
  bool known = count >= 3;
  for (int i = 3; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    known = known && equals != argument.npos &&
            take(options, argument.substr(0, equals), argument.substr(equals + 1));
  }
  if (known && std::string_view(arguments[1]) == "fill") {
    const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    const Status filled = fill_history(arguments[2], options.tasks, now - std::chrono::hours(1));
    return filled ? 0 : failed(filled.error());
  }
  const auto load = known ? loads.find(arguments[1]) : loads.end();
  if (load == loads.end()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  options.time.port = static_cast<std::uint16_t>(number(arguments[2]));
  const auto report = load->second(options);
  if (!report) return failed(report.error());
  print(*report);
  return 0;
}

}  // namespace
}  // namespace waybill::bench

int main(int count, char** arguments) { return waybill::bench::run(count, arguments); }
