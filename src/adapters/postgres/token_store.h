#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "ports/token_store.h"

namespace waybill::postgres {

class PostgresTokenPort final : public TokenStore {
 public:
  explicit PostgresTokenPort(Database& database) : database_(database) {}

  Status put(const TokenRecord& record) override;
  Result<std::vector<TokenRecord>> list() override;
  Status revoke(const std::string& id, Time at) override;
  Status note_uses(std::span<const TokenUse> uses) override;

 private:
  Database& database_;
};

}  // namespace waybill::postgres
