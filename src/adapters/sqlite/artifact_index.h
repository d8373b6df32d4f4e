#pragma once

#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/artifact_index.h"

namespace waybill::sqlite {

class SqliteArtifactPort final : public ArtifactIndex {
 public:
  SqliteArtifactPort(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

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
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
