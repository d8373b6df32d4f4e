#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "decorators/faulty_ledger.h"
#include "ports/registry.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"

namespace waybill::sim {

/// A program that asks for tasks over a connection that is as bad as any, and asks again for the
/// same ones until it is answered.
class Client {
 public:
  Client(LedgerAuditor& auditor, Faults& faults, Rng rng)
      : auditor_(auditor), ledger_(auditor, faults), rng_(rng) {}

  void act();

 private:
  TaskRequest invent();
  void add_dependencies(TaskRequest& request);
  void add_dedup_key(TaskRequest& request);

  LedgerAuditor& auditor_;
  FaultyLedger ledger_;
  Rng rng_;
  std::vector<TaskRequest> pending_;  // not answered yet
  int invented_ = 0;
};

/// Somebody at the command line: cancels, retries, amends, pauses and resumes queues.
class Person {
 public:
  Person(LedgerAuditor& auditor, LedgerReader& reader, Registry& registry, Rng rng)
      : auditor_(auditor), reader_(reader), registry_(registry), rng_(rng) {}

  void act();
  /// Goes home: every queue is on again.
  void leave();

 private:
  event::Amend amendment();
  void ask(const Uuid& id, const Event& event);
  void put(QueueSettings settings, bool paused);

  LedgerAuditor& auditor_;
  LedgerReader& reader_;
  Registry& registry_;
  Rng rng_;
};

/// The queues that clients use. "q2" has a limit; retention is short, so that the janitor works.
std::vector<QueueSettings> queue_settings();

}  // namespace waybill::sim
