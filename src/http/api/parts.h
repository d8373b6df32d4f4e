#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/definition.h"
#include "http/api/event_feed.h"
#include "http/api/idempotency.h"
#include "ports/clock.h"
#include "ports/log_store.h"
#include "services/ledger_parts.h"
#include "services/login_desk.h"
#include "services/rule_desk.h"

namespace waybill {
class AuditWriter;
}
#include "services/secret_vault.h"

namespace waybill::http {

/// What the API works on. All of it outlives the API.
struct ApiParts {
  LedgerParts ledger;
  LogStore& logs;
  Clock& clock;
  const std::map<std::string, TaskDefinition>& definitions;
  std::vector<std::string> kinds;  ///< that the workers of this program run
  /// Says before a task is accepted whether its kind can ever run it; empty: anything goes.
  std::function<Status(const TaskRequest&)> check_task;
  /// A new id, and a chance in [0, 1); thread-safe.
  std::function<Uuid()> new_id;
  std::function<double()> chance;
  EventFeed& feed;
  FirstAnswers& first_answers;
  LoginDesk* logins = nullptr;     ///< null: nobody logs in
  RuleDesk* rules = nullptr;       ///< null: there are none
  AuditWriter* audit = nullptr;    ///< none: no audit log is kept
  SecretVault* secrets = nullptr;  ///< null: there are none here
};

}  // namespace waybill::http
