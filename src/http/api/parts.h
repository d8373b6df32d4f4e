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
#include "services/disk_use.h"
#include "services/ledger_parts.h"
#include "services/login_desk.h"
#include "services/rule_desk.h"
#include "services/scan_report.h"

namespace waybill {
class ArtifactDesk;
class AuditWriter;
class Chronicle;
class CollectionStore;
class HostTurns;
class ProvenanceDesk;
class QueueAllowance;
class RunDesk;
class SessionDesk;
class TokenDesk;
class WebhookDesk;
}  // namespace waybill
#include "services/secret_vault.h"

namespace waybill::http {

/// What the API works on. All of it outlives the API.
struct ApiParts {
  LedgerParts ledger;
  LogStore& logs;
  Clock& clock;
  CurrentDefinitions definitions;
  /// The kinds that the workers of this program run, each with the JSON Schema of its spec; empty:
  /// it takes any.
  std::map<std::string, std::string> kinds;
  /// Says before a task is accepted whether its kind can ever run it; empty: anything goes.
  std::function<Status(const TaskRequest&)> check_task;
  /// A new id, and a chance in [0, 1); thread-safe.
  std::function<Uuid()> new_id;
  std::function<double()> chance;
  EventFeed& feed;
  FirstAnswers& first_answers;
  LoginDesk* logins = nullptr;        ///< null: nobody logs in
  RuleDesk* rules = nullptr;          ///< null: there are none
  AuditWriter* audit = nullptr;       ///< none: no audit log is kept
  SecretVault* secrets = nullptr;     ///< null: there are none here
  WebhookDesk* webhooks = nullptr;    ///< null: likewise
  ArtifactDesk* artifacts = nullptr;  ///< null: likewise
  RunDesk* runs = nullptr;            ///< null: likewise
  TokenDesk* tokens = nullptr;        ///< null: likewise
  SessionDesk* sessions = nullptr;    ///< null: likewise
  /// So many bytes that nobody can guess, for new tokens; thread-safe.
  std::function<std::string(std::size_t)> random_bytes = {};
  const ProvenanceDesk* provenance = nullptr;  ///< null: likewise
  CollectionStore* collections = nullptr;      ///< null: likewise
  Chronicle* chronicle = nullptr;              ///< null: likewise
  HostTurns* host_turns = nullptr;             ///< null: likewise
  /// A dry run of a scan of these definitions; empty: none is made here. Thread-safe, and may take
  /// a minute.
  std::function<Result<ScanReport>(const ScanDefinition&, const Definitions&)> plan_scan = {};
  /// What the disks have left; empty: nobody knows.
  std::function<Result<DiskUse>()> disk_use = {};
  /// Of those who may not operate; null: they may name as many queues as they like.
  QueueAllowance* queue_allowance = nullptr;
};

}  // namespace waybill::http
