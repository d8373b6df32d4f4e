#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/chronicle.h"

namespace waybill::sqlite {

class SqliteChronicle final : public Chronicle {
 public:
  SqliteChronicle(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

  Status keep_pass(const ScanPass& pass) override;
  Result<std::vector<ScanPass>> latest_passes() override;
  Result<std::vector<ScanPass>> passes(const PassQuery& query) override;
  Result<ScanPass> pass(const std::string& scan, std::int64_t number) override;
  Status note_definitions(std::span<const DefinitionVersion> held) override;
  Result<std::vector<DefinitionVersion>> versions(const VersionQuery& query) override;

 private:
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
