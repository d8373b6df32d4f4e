#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ports/chronicle.h"

namespace waybill {

/// The chronicle in memory. Thread-safe.
class FakeChronicle final : public Chronicle {
 public:
  Status keep_pass(const ScanPass& pass) override;
  Result<std::vector<ScanPass>> latest_passes() override;
  Result<std::vector<ScanPass>> passes(const PassQuery& query) override;
  Result<ScanPass> pass(const std::string& scan, std::int64_t number) override;
  Status note_definitions(std::span<const DefinitionVersion> held) override;
  Result<std::vector<DefinitionVersion>> versions(const VersionQuery& query) override;

 private:
  Mutex mutex_;
  // The oldest first.
  std::map<std::string, std::vector<ScanPass>> passes_ GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, std::vector<DefinitionVersion>> versions_
      GUARDED_BY(mutex_);
};

}  // namespace waybill
