#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "core/definition.h"
#include "core/json_schema.h"
#include "core/notify.h"

namespace waybill {

/// The kind that runs what a repository has at a commit: its definitions need a rule that asks for
/// the right to write there.
inline constexpr std::string_view kRepoRunKind = "repo.run";

/// One entry of a definitions file that has passed the schema.
struct Entry {
  std::string name;
  const boost::json::object& object;
  const std::string& file;
  const std::string& directory;  ///< what relative paths start from
  /// Whether they may not lead out of there, and buckets not be there: it is of a repository.
  bool is_confined = false;
};

class Fields;

/// What is wrong beyond the schema is added to `violations`, with pointers that start at the entry.
TaskDefinition read_task(const Entry& entry, std::vector<SchemaViolation>& violations);
ScanDefinition read_scan(const Entry& entry, std::vector<SchemaViolation>& violations);
QueueSettings read_queue(const Entry& entry, std::vector<SchemaViolation>& violations);
ImportDefinition read_import(const Entry& entry, std::vector<SchemaViolation>& violations);
/// The rule of a task definition or a queue; none if it has none.
std::optional<WhoMay> read_who_may(const Entry& entry, std::vector<SchemaViolation>& violations);
/// `task` is the definition that the schedule names.
Schedule read_schedule(const Entry& entry, const TaskDefinition& task,
                       std::vector<SchemaViolation>& violations);

/// A rule of the entry's `notify`, and where in the entry it stands.
struct PlacedNotifyRule {
  NotifyRule rule;
  std::string pointer;
};
std::vector<PlacedNotifyRule> read_notify_rules(const Entry& entry);
/// All of them, as tasks keep them.
std::string read_notify_of(const Entry& entry);

/// Of a schedule that starts runs of this pipeline.
Schedule read_schedule(const Entry& entry, const pipeline::PipelineDefinition& pipeline,
                       std::vector<SchemaViolation>& violations);

// Parts of entries that pipelines have too.
RetryPolicy read_retry(const Fields& fields);
Labels read_labels(const boost::json::object& object);
/// Compiles a `params` schema.
void check_params_schema(const boost::json::object& schema,
                         std::vector<SchemaViolation>& violations);

}  // namespace waybill
