#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "ports/secret_store.h"

namespace waybill::postgres {

class PostgresSecretPort final : public SecretStore {
 public:
  explicit PostgresSecretPort(Database& database) : database_(database) {}

  Result<SecretPut> put(const SecretRecord& record) override;
  Result<SecretRecord> get(const std::string& name) override;
  Result<std::vector<SecretRecord>> list() override;
  Status remove(const std::string& name) override;
  Status reseal(std::span<const Resealing> all) override;

 private:
  Database& database_;
};

}  // namespace waybill::postgres
