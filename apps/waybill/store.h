#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "core/config.h"
#include "ports/answer_store.h"
#include "ports/artifact_index.h"
#include "ports/artifact_store.h"
#include "ports/audit_log.h"
#include "ports/clock.h"
#include "ports/collection_store.h"
#include "ports/dedup_keys.h"
#include "ports/host_turns.h"
#include "ports/ledger.h"
#include "ports/ledger_admin.h"
#include "ports/ledger_reader.h"
#include "ports/log_store.h"
#include "ports/people_store.h"
#include "ports/registry.h"
#include "ports/run_store.h"
#include "ports/secret_store.h"
#include "ports/token_store.h"
#include "ports/webhook_store.h"
#include "services/ledger_parts.h"

namespace waybill::cli {

/// What is kept beside the tasks, for the doors of the service.
struct KeptBeside {
  TokenStore& tokens;
  PeopleStore& people;
  AuditLog& audit;
  SecretStore& secrets;
  WebhookStore& webhooks;
  AnswerStore& answers;
  ArtifactIndex& artifacts;
  RunStore& runs;
  CollectionStore& collections;
  HostTurns& host_turns;
};

/// What a data directory holds: the ledger, the output of tasks and the files they left behind,
/// their scratch space.
class Store {
 public:
  virtual ~Store() = default;
  virtual Ledger& ledger() = 0;
  virtual LedgerReader& reader() = 0;
  virtual DedupKeys& dedup_keys() = 0;
  virtual Registry& registry() = 0;
  virtual KeptBeside beside() = 0;
  virtual LedgerAdmin& admin() = 0;
  virtual LogStore& logs() = 0;
  /// The contents of artifacts; beside().artifacts says whose they are.
  virtual ArtifactStore& contents() = 0;
};

enum class OpenStore : std::uint8_t {
  reading,   ///< as existing, also for a user who may only read it; nothing can be written then
  existing,  ///< `not_found` if there is none yet
  create,    ///< makes the directory and the ledger if they are missing
};
/// `clock` outlives the store. `hurry` is asked for when the program has to end: from then on a
/// database that is silent is not waited for. Errors name the path and what to do.
Result<std::unique_ptr<Store>> open_store(const Config& config, Clock& clock, OpenStore mode,
                                          std::stop_token hurry = {});

/// Makes the directory of --data if it is not there: for its owner alone, since what tasks and
/// messages hold may be secret.
Status make_data_directory(const std::string& path);

/// Those that services work on.
inline LedgerParts parts_of(Store& store) {
  return {.ledger = store.ledger(), .reader = store.reader(), .registry = store.registry()};
}

/// Whether the ledger is in a database, and not in a file.
bool is_on_postgres(const Config& config);
/// The ledger's file, where it is one.
std::string ledger_path(const Config& config);
/// `not_found` or `permission_denied`, with what to do, unless the ledger is there.
Status require_ledger(const Config& config);

}  // namespace waybill::cli
