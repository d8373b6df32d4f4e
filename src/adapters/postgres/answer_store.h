#pragma once

#include <optional>
#include <string>

#include "adapters/postgres/database.h"
#include "ports/answer_store.h"

namespace waybill::postgres {

class PostgresAnswerPort final : public AnswerStore {
 public:
  explicit PostgresAnswerPort(Database& database) : database_(database) {}

  Result<std::optional<KeptAnswer>> find(const std::string& owner) override;
  Result<KeptAnswer> keep(const KeptAnswer& answer) override;
  Result<std::size_t> remove(Time before, std::size_t limit) override;

 private:
  Database& database_;
};

}  // namespace waybill::postgres
