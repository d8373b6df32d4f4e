#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/artifact_index.h"
#include "ports/ledger_reader.h"

namespace waybill {

/// Artifacts in memory, of the tasks of another ledger. Thread-safe among its own calls; the reader
/// outlives it.
class FakeArtifactIndex final : public ArtifactIndex {
 public:
  explicit FakeArtifactIndex(TaskReader& tasks) : tasks_(tasks) {}

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

  /// As those of another ledger, or of a copy of one, that was made then.
  void set_claim(const StoreClaim& claim);

 private:
  struct Said {
    std::uint64_t fence = 0;
    std::map<std::string, Artifact> artifacts;  // by name
  };
  Status check_lease(const Uuid& task, std::uint64_t fence);
  bool is_needed(const std::string& content) REQUIRES(mutex_);

  TaskReader& tasks_;
  Mutex mutex_;
  std::map<Uuid, Said> said_ GUARDED_BY(mutex_);
  std::map<std::string, Time> condemned_ GUARDED_BY(mutex_);
  StoreClaim claim_ GUARDED_BY(mutex_){.ledger = std::string(32, 'a'), .round = 0};
};

}  // namespace waybill
