#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/people_store.h"

namespace waybill::sqlite {

class SqlitePeoplePort final : public PeopleStore {
 public:
  SqlitePeoplePort(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

  Result<PersonRecord> put_person(const PersonRecord& person) override;
  Result<std::optional<PersonRecord>> person(const std::string& name) override;
  Status put_session(const SessionRecord& session) override;
  Result<std::optional<PersonSession>> session(const std::string& id) override;
  Result<std::vector<SessionRecord>> sessions() override;
  Status note_use(const std::string& id, Time at, const std::string& from) override;
  Status revoke_session(const std::string& id, Time at) override;
  Status forget_sessions(Time ended_before) override;

 private:
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
