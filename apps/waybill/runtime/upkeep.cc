#include "apps/waybill/runtime/upkeep.h"

#include <utility>

#include "apps/waybill/runtime/artifact_place.h"

namespace waybill::cli {

Upkeep::Upkeep(Session& session, Store& store, std::unique_ptr<HttpClient> http)
    : rescuer_(store.ledger(), session.rng().fork()),
      scheduler_(store.ledger(), store.registry()),
      janitor_({.ledger = store.ledger(),
                .reader = store.reader(),
                .registry = store.registry(),
                .logs = store.logs(),
                .audit = &store.beside().audit,
                .answers = &store.beside().answers,
                .runs = &store.beside().runs,
                .parts = store.history_parts()},
               {.every = session.config().tidy_every, .audit_keep = session.config().audit_keep}),
      spool_(uploads_directory(session.config()), session.clock()),
      collector_(store.contents(), store.beside().artifacts, store.ledger(), spool_),
      runs_(session, store, std::move(http)) {
  for (Service* service :
       std::initializer_list<Service*>{&rescuer_, &scheduler_, &janitor_, &collector_}) {
    loops_.push_back(std::make_unique<ServiceLoop>(
        *service, session.clock(), ServiceLoopParams{.seed = session.rng().next()}));
  }
}

Upkeep::~Upkeep() {
  // All at once: each may be in the middle of a step.
  for (const auto& loop : loops_) loop->request_stop();
  for (const auto& loop : loops_) loop->stop();
}

}  // namespace waybill::cli
