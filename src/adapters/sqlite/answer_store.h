#pragma once

#include <optional>
#include <string>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/answer_store.h"

namespace waybill::sqlite {

class SqliteAnswerPort final : public AnswerStore {
 public:
  SqliteAnswerPort(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

  Result<std::optional<KeptAnswer>> find(const std::string& owner) override;
  Result<KeptAnswer> keep(const KeptAnswer& answer) override;
  Result<std::size_t> remove(Time before, std::size_t limit) override;

 private:
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
