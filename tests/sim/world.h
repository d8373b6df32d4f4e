#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "testing/fake_ledger.h"
#include "testing/fake_log_store.h"
#include "testing/fake_queue.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"
#include "tests/sim/orders.h"
#include "tests/sim/people.h"
#include "tests/sim/plant.h"
#include "tests/sim/process.h"
#include "tests/sim/scans.h"
#include "tests/sim/scenario.h"
#include "tests/sim/timetable.h"

namespace waybill::sim {

/// What came of a simulation.
struct Played {
  std::uint64_t seed = 0;
  std::string scenario;
  std::string plant;  ///< its name, if there is one
  std::optional<Violation> violation;
  std::vector<std::string> last_events;  ///< of the ledger, when it is violated
  std::uint64_t acts = 0;
  std::size_t tasks = 0;
  std::map<Happening, std::uint64_t> happenings;  ///< events of the ledger, counted
  std::map<std::string, std::uint64_t> batches;   ///< what arrived for the scans, likewise
  std::map<std::string, std::uint64_t> troubles;  ///< what went wrong, likewise
  std::uint64_t fingerprint = 0;                  ///< of all events, with their times
};

/// One line that says what was violated, and the command that shows it again.
std::string to_line(const Played& played);

/// A whole deployment in one thread under one seed: the real services over ports in memory, in
/// processes that die, pause and lose replies; people; buckets that fill. For a time things go
/// wrong as the scenario says; then nothing goes wrong any more, and everything has to come to its
/// end.
class World {
 public:
  World(std::uint64_t seed, const Scenario& scenario, const Plant& plant = {});

  Played run();

 private:
  using Processes = std::vector<std::unique_ptr<Process>>;
  enum class Role { none, worker, controller };

  void open();
  void trouble();
  /// Until it is calm. Zero: never.
  void now_and_then(Duration mean, std::function<void()> act);
  /// One of the living processes, as above.
  void hit_processes(Duration mean, const char* trouble, std::function<void(Process&)> hit);
  void start(Role role);
  void add_worker(Process& process);
  void add_services(Process& process);
  void add_importer(Process& process);
  void replace_the_dead();
  Process* random_process();
  void calm_down();
  bool at_rest() const;
  void check_end();
  Duration about(Duration mean);
  Played outcome();

  const std::uint64_t seed_;
  const Scenario scenario_;
  const Plant plant_;
  Rng rng_;
  Stage stage_;
  FakeLedger truth_;
  std::unique_ptr<Ledger> wrong_ledger_;
  std::unique_ptr<LedgerReader> wrong_reader_;
  LedgerAuditor auditor_;
  FakeQueue hints_;
  FakeLogStore logs_;
  Scans scans_;
  Timetable timetable_;
  Faults client_faults_;
  Client client_;
  Person person_;
  Orders orders_;
  Behaviour behaviour_;
  FaultRates rates_;
  bool calm_ = false;
  std::map<std::string, std::uint64_t> troubles_;
  Processes processes_;      // the dead too: somebody may still be in a call of theirs
  std::vector<Role> roles_;  // of each process; none once it was replaced
};

/// Plays one seed in the scenario that it falls to.
Played play(std::uint64_t seed, const Plant& plant = {});

}  // namespace waybill::sim
