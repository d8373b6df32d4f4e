#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "ports/chronicle.h"

namespace waybill::postgres {

class PostgresChronicle final : public Chronicle {
 public:
  explicit PostgresChronicle(Database& database) : database_(database) {}

  Status keep_pass(const ScanPass& pass) override;
  Result<std::vector<ScanPass>> latest_passes() override;
  Result<std::vector<ScanPass>> passes(const PassQuery& query) override;
  Result<ScanPass> pass(const std::string& scan, std::int64_t number) override;
  Status note_definitions(std::span<const DefinitionVersion> held) override;
  Result<std::vector<DefinitionVersion>> versions(const VersionQuery& query) override;

 private:
  Database& database_;
};

}  // namespace waybill::postgres
