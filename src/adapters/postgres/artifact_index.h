#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "ports/artifact_index.h"

namespace waybill::postgres {

class PostgresArtifactPort final : public ArtifactIndex {
 public:
  explicit PostgresArtifactPort(Database& database) : database_(database) {}

  Status record(const AttemptArtifacts& attempt, Time now) override;
  Result<std::vector<Artifact>> list(const ArtifactQuery& query) override;
  Result<Artifact> find(const Uuid& task, const std::string& name) override;
  Result<Artifact> recorded(const Uuid& task, std::uint64_t fence,
                            const std::string& sha256) override;
  Result<std::vector<std::string>> condemn(std::span<const std::string> contents,
                                           Time now) override;
  Result<std::vector<std::string>> condemned(Time before, std::size_t limit) override;
  Status release(std::span<const std::string> contents, Time condemned_until) override;
  Result<StoreClaim> claim() override;
  Result<StoreClaim> next_claim() override;

 private:
  /// `not_found` unless there is such a task.
  Status require_task(const Uuid& task);

  Database& database_;
};

}  // namespace waybill::postgres
