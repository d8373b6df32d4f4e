#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/token_store.h"

namespace waybill::sqlite {

class SqliteTokenPort final : public TokenStore {
 public:
  SqliteTokenPort(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

  Status put(const TokenRecord& record) override;
  Result<std::vector<TokenRecord>> list() override;
  Status revoke(const std::string& id, Time at) override;
  Status note_uses(std::span<const TokenUse> uses) override;

 private:
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
