#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/people_store.h"

namespace waybill {

/// People and sessions in memory. Thread-safe.
class FakePeopleStore final : public PeopleStore {
 public:
  Result<PersonRecord> put_person(const PersonRecord& person) override;
  Result<std::optional<PersonRecord>> person(const std::string& name) override;
  Status put_session(const SessionRecord& session) override;
  Result<std::optional<PersonSession>> session(const std::string& id) override;
  Result<std::vector<SessionRecord>> sessions() override;
  Status note_use(const std::string& id, Time at, const std::string& from) override;
  Status revoke_session(const std::string& id, Time at) override;
  Status forget_sessions(Time ended_before) override;

  /// How often sessions were looked for.
  std::size_t reads() const { return reads_; }

 private:
  std::atomic<std::size_t> reads_ = 0;
  Mutex mutex_;
  std::map<std::string, PersonRecord> people_ GUARDED_BY(mutex_);     // by name
  std::map<std::string, SessionRecord> sessions_ GUARDED_BY(mutex_);  // by id
};

}  // namespace waybill
