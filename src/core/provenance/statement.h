#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/artifact.h"
#include "core/pipeline/kept_run.h"
#include "core/task.h"

namespace waybill::provenance {

// Statements of in-toto, version 1, with SLSA's provenance, version 1, as predicate: what
// docs/reference/provenance.md says. Each follows from what the ledger holds alone: the same
// facts give the same bytes.

/// A finished task as its ledger has it.
struct TaskFacts {
  const Task& task;
  const std::vector<Artifact>& artifacts;
  std::string_view ledger;  ///< its id
};
std::string statement_of(const TaskFacts& facts);

/// A task of a run, and where it stands there.
struct StepFacts {
  std::string path;
  Task task;
  std::vector<Artifact> artifacts;
};
/// An ended run. Artifacts of its tasks are subjects under `PATH/NAME`.
struct RunFacts {
  const pipeline::KeptRun& run;
  const std::vector<StepFacts>& steps;  ///< in the order of their paths
  std::vector<std::string> reused{};    ///< paths of steps that another run did
  std::string_view ledger;
};
std::string statement_of(const RunFacts& facts);

/// What a statement says was made: a file by its digest.
struct Subject {
  std::string name;
  std::string sha256;
};
/// What a person wants to know of a statement that was opened.
struct Said {
  std::string invocation;  ///< the task's or run's id, as a URI
  std::string state;
  std::string finished_on;
  std::vector<Subject> files;     ///< its artifacts
  std::vector<std::string> cids;  ///< what it put on IPFS
};
/// Reads a statement. `invalid_argument`: it was signed, but is none of provenance, or an artifact
/// of it has a name that leads out of a directory.
Result<Said> read_statement(std::string_view statement);

/// A text in which the passwords of URLs are `***`.
std::string without_passwords(std::string_view text);

}  // namespace waybill::provenance
