#include "core/definition.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/batches/planner.h"
#include "core/prio/planner.h"
#include "core/trace_context.h"

namespace waybill {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

/// Longer than any bucket lives, short enough that no sum of times overflows.
constexpr Duration kScanDurationMax = days(36'525);

Status refuse_field(std::string_view field, const std::string& why) {
  return fail(Code::invalid_argument, std::string(field) + " " + why);
}

Status check_between(std::string_view field, Duration value, Duration min, Duration max) {
  if (value >= min && value <= max) return {};
  return refuse_field(field, "is " + format_duration(value) + "; it must be between " +
                                 format_duration(min) + " and " + format_duration(max));
}

Status check_windows(const PrioScan& scan) {
  if (scan.aggregation_period % minutes(1) != Duration(0)) {
    return refuse_field("aggregation_period",
                        "is " + format_duration(scan.aggregation_period) +
                            "; it must be whole minutes, which is all that object names tell");
  }
  const auto caught_up = scan.catch_up / scan.aggregation_period;
  if (caught_up >= static_cast<std::int64_t>(prio::kWindowsMax)) {
    return refuse_field("catch_up", "spans " + std::to_string(caught_up) +
                                        " aggregation periods; it must be under " +
                                        std::to_string(prio::kWindowsMax) +
                                        ", older windows are aggregated with an override");
  }
  return {};
}

Status check_prio(const PrioScan& scan) {
  const std::pair<std::string_view, const std::string*> required[] = {
      {"ingestion_url", &scan.ingestion_url},
      {"own_url", &scan.own_url},
      {"peer_url", &scan.peer_url},
      {"intake_task", &scan.intake_task},
      {"aggregate_task", &scan.aggregate_task}};
  for (const auto& [field, value] : required) {
    if (value->empty()) return refuse_field(field, "is missing");
  }
  // Below -24h would be a window that ends before it begins; -24h itself takes nothing in.
  if (auto s = check_between("intake_max_age", scan.intake_max_age, -hours(24), kScanDurationMax);
      !s) {
    return s;
  }
  if (auto s = check_between("aggregation_period", scan.aggregation_period, minutes(1),
                             kScanDurationMax);
      !s) {
    return s;
  }
  if (auto s = check_between("grace_period", scan.grace_period, Duration(0), kScanDurationMax);
      !s) {
    return s;
  }
  if (auto s = check_between("catch_up", scan.catch_up, Duration(0), kScanDurationMax); !s) {
    return s;
  }
  return check_windows(scan);
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") ==
                              std::string_view::npos;
}

Status check_sources(const BatchScan& scan, bool told_apart) {
  if (scan.sources.empty()) return refuse_field("sources", "is empty; name at least one bucket");
  std::map<std::string_view, std::string_view> by_url;
  for (const auto& [source, url] : scan.sources) {
    if (!is_plain_name(source) || source == kMarkerSource) {
      return refuse_field("sources", "holds '" + source +
                                         "'; a name is of a-z, 0-9, '.', '_' and '-', and not " +
                                         std::string(kMarkerSource));
    }
    if (url.empty()) return refuse_field("sources", "has no URL for '" + source + "'");
    const auto [other, first] = by_url.emplace(url, source);
    if (!first && !told_apart) {
      return refuse_field("sources", "has the same bucket as '" + std::string(other->second) +
                                         "' and '" + source +
                                         "': put {source} into the path to tell them apart");
    }
  }
  return {};
}

Status check_batches(const BatchScan& scan) {
  const auto path = batches::PathTemplate::compile(scan.path, scan.parts);
  if (!path) return fail(path.error());
  if (auto s = check_sources(scan, path->has_source()); !s) return s;
  if (scan.task.empty()) return refuse_field("task", "is missing");
  if (auto s = check_between("quiet_time", scan.quiet_time, Duration(0), kScanDurationMax); !s) {
    return s;
  }
  if (auto s = check_between("window", scan.window, Duration(0), kScanDurationMax); !s) return s;
  if (scan.window > Duration(0) && path->precision() == batches::Precision::none) {
    return refuse_field("window", "needs a date in the path, at least {yyyy}");
  }
  return {};
}

}  // namespace

TaskRequest make_request(const TaskDefinition& definition, std::string params) {
  return {.queue = definition.queue,
          .kind = definition.kind,
          .definition = definition.name,
          .spec = definition.spec,
          .params = std::move(params),
          .priority = definition.priority,
          .run_time_max = definition.run_time_max,
          .retry = definition.retry,
          .labels = definition.labels,
          .notify = definition.notify};
}

bool is_source_label(std::string_view name) {
  return std::ranges::find(kSourceLabels, name) != std::end(kSourceLabels);
}

Status check_labels(const Labels& labels) {
  for (const auto& [name, value] : labels) {
    if (name == kTraceLabel && !is_traceparent(value)) {
      return fail(Code::invalid_argument,
                  "the label \"traceparent\" says to which trace a task belongs, and its value is "
                  "no traceparent of W3C Trace Context: 00-, 32 digits, -, 16 digits, -, 2 digits, "
                  "hexadecimal in lower case");
    }
    if (!is_source_label(name)) continue;
    return fail(Code::invalid_argument, "the label \"" + name +
                                            "\" is the program's own: it says of what a task was "
                                            "made; take another name");
  }
  return {};
}

Labels without_source_labels(const Labels& labels) {
  Labels others = labels;
  std::erase_if(others, [](const auto& label) { return is_source_label(label.first); });
  return others;
}

const DefinitionPlace* Definitions::place_of(const std::string& map,
                                             const std::string& name) const {
  const auto places_of_map = places.find(map);
  if (places_of_map == places.end()) return nullptr;
  const auto place = places_of_map->second.find(name);
  return place == places_of_map->second.end() ? nullptr : &place->second;
}

CurrentDefinitions always(const Definitions& definitions) {
  // Shares nothing: it only looks like it.
  return [&definitions] {
    return std::shared_ptr<const Definitions>(std::shared_ptr<void>(), &definitions);
  };
}

Status check_scan(const ScanDefinition& scan) {
  if (!is_plain_name(scan.name)) {
    return refuse_field("name", "is '" + scan.name + "'; it must be of a-z, 0-9, '.', '_' and '-'");
  }
  if (auto s = check_between("every", scan.every, std::chrono::seconds(1), days(366)); !s) {
    return s;
  }
  if (const auto* prio_scan = std::get_if<PrioScan>(&scan.planner)) return check_prio(*prio_scan);
  return check_batches(std::get<BatchScan>(scan.planner));
}

std::unique_ptr<ScanPlanner> make_planner(const ScanDefinition& scan, Time now) {
  if (const auto* prio_scan = std::get_if<PrioScan>(&scan.planner)) {
    return std::make_unique<prio::PrioPlanner>(*prio_scan, now);
  }
  return std::make_unique<batches::BatchPlanner>(scan.name, std::get<BatchScan>(scan.planner), now);
}

}  // namespace waybill
