// Loads a ledger on PostgreSQL, or RabbitMQ, for bench/scale.py: one line of JSON tells what came
// of it.

#include <charconv>
#include <cstdio>
#include <map>
#include <string_view>

#include "bench/scale/scale_loads.h"

namespace waybill::bench {
namespace {

constexpr const char* kUsage =
    "scale_load enqueue|start|bare_enqueue|bare_drain POSTGRES-URL [name=value...]\n"
    "scale_load publish|bare_publish AMQP-URL [name=value...]\n"
    "names: tasks, batch, callers, rate, keep (yes or no), directory (of start)\n";

using Load = Result<ScaleReport> (*)(const ScaleOptions&);

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool take(ScaleOptions& options, std::string_view name, std::string_view value) {
  if (name == "directory") {
    options.directory = value;
    return !value.empty();
  }
  if (name == "keep") {
    options.keep = value == "yes";
    return value == "yes" || value == "no";
  }
  const double given = number(value);
  if (name == "tasks") options.tasks = static_cast<std::size_t>(given);
  if (name == "batch") options.batch = static_cast<std::size_t>(given);
  if (name == "callers") options.callers = static_cast<std::size_t>(given);
  if (name == "rate") options.rate = given;
  return given >= 1 && (name == "tasks" || name == "batch" || name == "callers" || name == "rate");
}

/// Of sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int run(int count, char** arguments) {
  static const std::map<std::string_view, Load> loads = {
      {"enqueue", run_enqueue},       {"start", run_start},     {"bare_enqueue", run_bare_enqueue},
      {"bare_drain", run_bare_drain}, {"publish", run_publish}, {"bare_publish", run_bare_publish}};
  ScaleOptions options;
  bool known = count >= 3;
  for (int i = 3; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    known = known && equals != argument.npos &&
            take(options, argument.substr(0, equals), argument.substr(equals + 1));
  }
  const auto load = known ? loads.find(arguments[1]) : loads.end();
  if (load == loads.end()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  options.place = arguments[2];
  const auto report = load->second(options);
  if (!report) {
    std::fprintf(stderr, "scale_load: %s\n", report.error().message.c_str());
    return 1;
  }
  std::printf("{\"tasks\": %zu, \"seconds\": %.4f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
              report->tasks, report->seconds, quantile(report->waits_ms, 0.5),
              quantile(report->waits_ms, 0.99));
  return 0;
}

}  // namespace
}  // namespace waybill::bench

int main(int count, char** arguments) { return waybill::bench::run(count, arguments); }
