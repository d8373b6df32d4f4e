#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "ports/people_store.h"

namespace waybill::postgres {

class PostgresPeoplePort final : public PeopleStore {
 public:
  explicit PostgresPeoplePort(Database& database) : database_(database) {}

  Result<PersonRecord> put_person(const PersonRecord& person) override;
  Result<std::optional<PersonRecord>> person(const std::string& name) override;
  Status put_session(const SessionRecord& session) override;
  Result<std::optional<PersonSession>> session(const std::string& id) override;
  Result<std::vector<SessionRecord>> sessions() override;
  Status note_use(const std::string& id, Time at, const std::string& from) override;
  Status revoke_session(const std::string& id, Time at) override;
  Status forget_sessions(Time ended_before) override;

 private:
  Database& database_;
};

}  // namespace waybill::postgres
