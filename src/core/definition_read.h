#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "core/definition.h"
#include "core/json_schema.h"

namespace waybill {

/// One entry of a definitions file that has passed the schema.
struct Entry {
  std::string name;
  const boost::json::object& object;
  const std::string& file;
  const std::string& directory;  ///< what relative paths start from
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

// Parts of entries that pipelines have too.
RetryPolicy read_retry(const Fields& fields);
Labels read_labels(const boost::json::object& object);
/// Compiles a `params` schema.
void check_params_schema(const boost::json::object& schema,
                         std::vector<SchemaViolation>& violations);

}  // namespace waybill
