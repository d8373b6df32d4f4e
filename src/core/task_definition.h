#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "core/permission.h"
#include "core/task.h"

namespace waybill {

/// What a task of this name does. A task keeps what it was made from: later changes do not touch
/// it.
struct TaskDefinition {
  std::string name;
  std::string kind;
  std::string queue = "default";
  std::string spec = "{}";    ///< JSON object for the kind
  std::string params_schema;  ///< JSON Schema of params; empty: any object
  int priority = 0;
  Duration run_time_max{};
  RetryPolicy retry{};
  Labels labels;
  std::optional<WhoMay> who_may;  ///< none: whoever the roles let
  std::string notify;             ///< who is told when a task ends, see TaskRequest::notify
  /// Of fields of its fingerprint, beside those of the spec or instead: what its paths lead to.
  std::map<std::string, std::string> digests{};

  bool operator==(const TaskDefinition&) const = default;
};

/// A request for one task of this definition; the caller sets id, dedup key and the rest.
TaskRequest make_request(const TaskDefinition& definition, std::string params);

}  // namespace waybill
