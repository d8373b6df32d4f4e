#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/ed25519.h"
#include "core/provenance/statement.h"
#include "ports/artifact_index.h"
#include "ports/ledger_reader.h"
#include "ports/run_store.h"

namespace waybill {

/// Every artifact of a task, by name.
Result<std::vector<Artifact>> all_artifacts(ArtifactIndex& index, const Uuid& task);

/// Signed statements of how finished tasks and ended runs came about, made from the ledger when
/// somebody asks: the same each time. Thread-safe.
class ProvenanceDesk {
 public:
  struct Ports {
    TaskReader& reader;
    ArtifactIndex& artifacts;
    RunStore& runs;
    /// The key that signs now; thread-safe. Nobody asks before there is something to be signed.
    std::function<Result<SigningKey>()> key;
  };
  /// The ports outlive it.
  explicit ProvenanceDesk(Ports ports) : ports_(std::move(ports)) {}

  /// A finished task with what it left. `not_found`; `failed_precondition`: it is not finished.
  Result<provenance::StepFacts> task(const Uuid& id) const;
  struct RunRecord {
    pipeline::KeptRun run;
    std::vector<pipeline::KeptNode> nodes;     ///< all of them, by path
    std::vector<provenance::StepFacts> steps;  ///< its tasks, by path
    std::vector<std::string> reused;           ///< paths of steps that another run did
  };
  /// An ended run. `not_found`, also where retention has removed a task of it;
  /// `failed_precondition`: it has not ended.
  Result<RunRecord> run(const Uuid& id) const;

  /// The statement in its envelope, as JSON. `unavailable`: there is no key to sign with.
  Result<std::string> envelope(const provenance::StepFacts& task) const;
  Result<std::string> envelope(const RunRecord& run) const;

 private:
  Result<std::string> sealed(const std::string& statement) const;

  const Ports ports_;
};

}  // namespace waybill
