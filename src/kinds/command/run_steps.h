#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "kinds/command/artifact_files.h"
#include "kinds/command/run_record.h"
#include "kinds/command/spec.h"
#include "ports/task_kind.h"

namespace waybill {

/// Whether trying again can help.
FailureClass class_of(const Error& error);
outcome::Failed failed_run(FailureClass failure_class, const Error& error);

/// Puts the values of its secrets into the environment of the spec: of this run's copy alone.
Status give_secrets(CommandSpec& spec, TaskContext& context);
/// The outcome where that could not be: what is missing here only is left to a worker that has it,
/// or until this one has.
Outcome without_secrets(const Error& error, TaskContext& context);

/// What a program that has succeeded left behind.
struct KeepParams {
  const RunPlaces& places;
  std::span<const ReportedArtifact> reported;
  std::int64_t bytes_max;
  const RunRecord& record;
  std::string result;  ///< JSON object or empty
};
/// Keeps the artifacts; the outcome then.
Outcome keep_artifacts(KeepParams params, TaskContext& context);

}  // namespace waybill
