#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/bucket_url.h"
#include "core/definition.h"
#include "core/document.h"
#include "core/go_flags.h"

namespace waybill::prio {

/// All flags of `waybill workflow-manager`: workflow-manager's own, with its names and defaults,
/// then ours.
std::span<const GoFlag> workflow_flags();

/// Where the values of flags come from. A flag counts before its variable (`WAYBILL_` and the
/// flag's name in capitals), that before the file, and that before the default.
struct WorkflowSources {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  const Document* file = nullptr;  ///< keys are the flags' names, with dashes or underscores
};

/// Whether `waybill workflow-manager` takes this key of a file. Others that read the file pass over
/// it.
bool is_workflow_setting(std::string_view name);
/// The same of a variable of the environment.
bool is_workflow_variable(std::string_view variable);

/// The value of every flag, by name.
using WorkflowValues = std::map<std::string, std::string, std::less<>>;

/// `invalid_argument` names what is unknown or has no value of its type.
Result<WorkflowValues> read_workflow_flags(const WorkflowSources& sources);

/// A bucket and who one is in it.
struct WorkflowBucket {
  BucketUrl url;
  std::string identity;  ///< AWS role to take on; empty: who one is anyway
};

struct WorkflowQueue {
  std::string kind;  ///< one of workflow_queue_kinds()
  std::string intake_topic;
  std::string aggregate_topic;
  std::string gcp_project;
  bool create_topics = false;
  std::string aws_region;
  std::string aws_identity;
  std::string amqp_url;  ///< may hold a password; empty: it stands in the file
  std::string amqp_url_file;
  std::string amqp_exchange;
  std::string amqp_queue_type;     ///< classic, quorum or empty
  std::string ledger_data;         ///< directory
  std::string ledger_url;          ///< PostgreSQL instead; may be empty
  std::string ledger_definitions;  ///< directory
};
std::span<const std::string_view> workflow_queue_kinds();

enum class WorkflowMode : std::uint8_t { real, dry_run };
enum class WorkflowOutput : std::uint8_t { table, json };

struct WorkflowOptions {
  WorkflowBucket ingestion;
  WorkflowBucket own;
  WorkflowBucket peer;
  PrioScan scan;  ///< its tasks are called `intake` and `aggregate`
  WorkflowQueue queue;
  std::size_t enqueue_workers = 100;
  WorkflowMode mode = WorkflowMode::real;
  WorkflowOutput output = WorkflowOutput::table;
  std::optional<Time> now;
};

/// Where metrics are pushed to; nowhere without a gateway.
struct PushTarget {
  std::string gateway;
  std::string locality;
  std::string ingestor;
};
PushTarget push_target(const WorkflowValues& values);

/// What the values ask for, checked in workflow-manager's order. `invalid_argument` for a value
/// that makes no sense, which it took or hung on; `failed_precondition` in its own words for what
/// it ended on itself.
Result<WorkflowOptions> workflow_options(const WorkflowValues& values);

inline constexpr std::string_view kIntakeTask = "intake";
inline constexpr std::string_view kAggregateTask = "aggregate";
/// How far back windows are looked at that were missed, where nothing else is asked for: as long as
/// markers are kept.
inline constexpr Duration kMarkerRetention = std::chrono::hours(7 * 24);

}  // namespace waybill::prio
