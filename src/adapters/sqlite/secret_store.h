#pragma once

#include <span>
#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/secret_store.h"

namespace waybill::sqlite {

class SqliteSecretPort final : public SecretStore {
 public:
  SqliteSecretPort(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

  Result<SecretPut> put(const SecretRecord& record) override;
  Result<SecretRecord> get(const std::string& name) override;
  Result<std::vector<SecretRecord>> list() override;
  Status remove(const std::string& name) override;
  Status reseal(std::span<const Resealing> all) override;

 private:
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
