#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/document.h"
#include "core/import.h"
#include "core/permission.h"
#include "core/pipeline/definition.h"
#include "core/queue_settings.h"
#include "core/scan_plan.h"
#include "core/schedule.h"
#include "core/task.h"
#include "core/task_definition.h"

namespace waybill {

/// Which side of a Prio deployment this is: decides which validity files are the peer's.
enum class PrioSide : std::uint8_t { first, second };

/// Which of the windows before the latest are owed if they have no marker.
enum class CatchUpFrom : std::uint8_t {
  always,        ///< all within `catch_up`
  first_marker,  ///< those after one with its marker, or an intake marker in or before them
};

/// What becomes of an aggregation whose message is over `aggregate_bytes_max`.
enum class OversizedAggregation : std::uint8_t {
  refuse,
  split,  ///< its window is halved until each part fits: see prio/split.h
};

/// Prio's three buckets (workflow-manager's flags of the same names).
struct PrioScan {
  std::string ingestion_url;
  std::string own_url;  ///< own validations; markers are written here
  std::string peer_url;
  PrioSide side = PrioSide::second;
  Duration intake_max_age = std::chrono::hours(1);
  Duration aggregation_period = std::chrono::hours(3);
  Duration grace_period = std::chrono::hours(1);
  std::optional<Time> aggregation_override;
  /// Windows that ended up to this long ago and have no marker are aggregated too; zero: only the
  /// latest.
  Duration catch_up{};
  CatchUpFrom catch_up_from = CatchUpFrom::always;
  std::size_t aggregate_bytes_max = 1 << 20;  ///< kParamsBytesMax, or what the queue takes
  OversizedAggregation oversized = OversizedAggregation::refuse;
  /// What makes it `split`, in the words of the place that defines the scan.
  std::string split_setting = "split_aggregations: true";
  std::string intake_task;  ///< task definitions
  std::string aggregate_task;

  bool operator==(const PrioScan&) const = default;
};

/// Any bucket whose objects form batches by their path.
struct BatchScan {
  std::map<std::string, std::string> sources;  ///< name -> bucket URL; {source} in the path
  std::string path;                            ///< {yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}
  std::vector<std::string> parts;              ///< all of them make a batch complete
  std::string marker_url;  ///< where markers are written; empty: the first source
  Duration quiet_time{};   ///< no part may have changed for this long
  Duration window{};       ///< how far back batches are taken; zero: all
  std::string task;

  bool operator==(const BatchScan&) const = default;
};

struct ScanDefinition {
  std::string name;
  std::variant<PrioScan, BatchScan> planner;
  Duration every = std::chrono::minutes(1);

  bool operator==(const ScanDefinition&) const = default;
};

/// `invalid_argument` names the field and what would be right (periods > 0, grace >= 0, …).
Status check_scan(const ScanDefinition& scan);

/// The planner of a scan at `now`. The scan has passed check_scan.
std::unique_ptr<ScanPlanner> make_planner(const ScanDefinition& scan, Time now);

/// Where a definition stands.
struct DefinitionPlace {
  std::string file;  ///< as it is named in messages
  Position at{};
  std::optional<GitOrigin> origin{};
  std::string json = "{}";  ///< the definition as it is written

  bool operator==(const DefinitionPlace&) const = default;
};
/// `tasks`, `pipelines`, `scans`, `schedules` or `queues` -> name -> place.
using DefinitionPlaces = std::map<std::string, std::map<std::string, DefinitionPlace>>;

/// Labels that say of what a task was made: given by the program alone.
inline constexpr std::string_view kSourceLabels[] = {"definition.repository", "definition.commit",
                                                     "definition.file",       "pipeline.repository",
                                                     "pipeline.commit",       "pipeline.file"};
bool is_source_label(std::string_view name);
/// Names the first label of `labels` that only the program gives, or a `traceparent` that is none:
/// `invalid_argument`.
Status check_labels(const Labels& labels);
/// `labels` without those of kSourceLabels.
Labels without_source_labels(const Labels& labels);

/// All that the files of a definitions directory say. Names are unique within each map.
struct Definitions {
  std::map<std::string, TaskDefinition> tasks;
  std::map<std::string, ScanDefinition> scans;
  std::map<std::string, Schedule> schedules;
  std::map<std::string, QueueSettings> queues;
  WhoMayByName queue_rules;  ///< by queue
  pipeline::Pipelines pipelines;
  std::map<std::string, ImportDefinition> imports;
  DefinitionPlaces places;

  /// Null if nothing is known of it.
  const DefinitionPlace* place_of(const std::string& map, const std::string& name) const;
};

/// What holds now. Whoever asks keeps that version for as long as it works with it. Thread-safe.
using CurrentDefinitions = std::function<std::shared_ptr<const Definitions>()>;
/// Those, for ever; they outlive it.
CurrentDefinitions always(const Definitions& definitions);

}  // namespace waybill
