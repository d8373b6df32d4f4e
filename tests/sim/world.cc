#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "services/dispatcher.h"
#include "services/importer.h"
#include "services/janitor.h"
#include "services/rescuer.h"
#include "services/scanner.h"
#include "services/scheduler.h"
#include "services/worker.h"
#include "tests/sim/sim_executor.h"

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

/// How long everything may take to end once nothing goes wrong any more.
constexpr Duration kPatience = 90min;
/// How long a task may live once nothing goes wrong any more: much less than that.
constexpr Duration kLifeMax = 30min;
constexpr std::size_t kEventsShown = 12;

std::unique_ptr<Ledger> make_wrong(const Plant& plant, FakeLedger& truth, Rng& rng) {
  return plant.ledger ? plant.ledger(truth, truth, rng.fork()) : nullptr;
}

/// In the program each step waits for a message; here nothing waits within a step.
class LookingImporter final : public Service {
 public:
  explicit LookingImporter(Importer& importer) : importer_(importer) {}
  std::string_view name() const override { return importer_.name(); }
  Result<Duration> step(const Deadline& deadline) override {
    const auto stepped = importer_.step(deadline);
    return stepped ? Result<Duration>(kLookEvery) : stepped;
  }

 private:
  static constexpr Duration kLookEvery = 2s;
  Importer& importer_;
};

std::uint64_t fingerprint(const std::vector<LedgerEvent>& events) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, by numbers instead of bytes
  const auto mix = [&hash](std::uint64_t number) { hash = (hash ^ number) * 0x100000001b3; };
  for (const LedgerEvent& event : events) {
    for (const std::uint8_t byte : event.id.bytes) mix(byte);
    mix(static_cast<std::uint64_t>(to_micros(event.entry.at)));
    mix(static_cast<std::uint64_t>(event.entry.happening));
    mix(event.entry.fence);
    for (const char c : event.entry.worker) mix(static_cast<unsigned char>(c));
  }
  return hash;
}

}  // namespace

World::World(std::uint64_t seed, const Scenario& scenario, const Plant& plant)
    : seed_(seed),
      scenario_(scenario),
      plant_(plant),
      rng_(seed),
      stage_(rng_.fork()),
      truth_(stage_),
      wrong_ledger_(make_wrong(plant_, truth_, rng_)),
      wrong_reader_(plant_.reader ? plant_.reader(truth_) : nullptr),
      auditor_(wrong_ledger_ ? *wrong_ledger_ : truth_, wrong_reader_ ? *wrong_reader_ : truth_),
      hints_(stage_, {.order = DeliveryOrder::shuffled, .seed = rng_.next()}),
      scans_(stage_, auditor_, rng_.fork()),
      timetable_(stage_, auditor_, truth_),
      client_faults_(stage_, rng_.fork(), {.before = 0.05, .reply_lost = 0.05}),
      client_(auditor_, client_faults_, rng_.fork()),
      person_(auditor_, truth_, truth_, rng_.fork()),
      orders_(stage_, auditor_, client_faults_, rng_.fork(), scenario.broker),
      behaviour_(scenario.behaviour),
      rates_(scenario.faults) {
  hints_.set_disorder(scenario.broker);
}

Played World::run() {
  open();
  trouble();
  stage_.wait_until(stage_.steady_now() + scenario_.length, {});
  calm_down();
  const SteadyTime patience = stage_.steady_now() + kPatience;
  while (!stage_.halted() && !at_rest() && stage_.steady_now() < patience) {
    stage_.wait_until(stage_.steady_now() + 10s, {});
  }
  check_end();
  return outcome();
}

void World::open() {
  person_.leave();  // every queue as it is meant to be
  for (Schedule schedule : timetable_.begin()) {
    if (plant_.schedule) plant_.schedule(schedule);
    const Status done = truth_.put_schedule(schedule);
    WAYBILL_CHECK(done.has_value(), "a registry in memory takes every schedule");
  }
  auditor_.tell_of_accepted([this](const TaskRequest& request) {
    scans_.accept(request);
    timetable_.accept(request);
    orders_.accept(request);
  });
  for (int i = 0; i < scenario_.workers; ++i) start(Role::worker);
  for (int i = 0; i < scenario_.controllers; ++i) start(Role::controller);
  stage_.enter(
      [this] {
        replace_the_dead();
        return 5s;
      },
      5s);
  // The first violation ends it: what follows it is only noise.
  auditor_.tell_of_violation([this] { stage_.halt(); });
}

/// All that goes on, and goes wrong, until it is calm.
void World::trouble() {
  now_and_then(scenario_.insert_every, [this] { client_.act(); });
  now_and_then(scenario_.order_every, [this] { orders_.act(); });
  now_and_then(scenario_.person_every, [this] { person_.act(); });
  now_and_then(scenario_.upload_every, [this] { scans_.begin_batches(); });
  now_and_then(scenario_.queue_loss_every, [this] {
    ++troubles_["queue lost"];
    hints_.lose_all();
  });
  hit_processes(scenario_.kill_every, "killed", [](Process& process) { process.kill(); });
  hit_processes(scenario_.stop_every, "stopped", [](Process& process) { process.stop(); });
  hit_processes(scenario_.pause_every, "paused", [this](Process& process) {
    process.suspend(stage_.steady_now() + about(scenario_.pause_max / 2));
  });
  now_and_then(scenario_.jump_every, [this] {
    ++troubles_["clock jumped"];
    const Duration by = about(scenario_.jump_max / 2);
    stage_.jump(rng_.chance(0.5) ? by : -by);
  });
}

void World::hit_processes(Duration mean, const char* trouble, std::function<void(Process&)> hit) {
  now_and_then(mean, [this, trouble, hit = std::move(hit)] {
    Process* process = random_process();
    if (process == nullptr) return;
    ++troubles_[trouble];
    hit(*process);
  });
}

void World::now_and_then(Duration mean, std::function<void()> act) {
  if (mean == Duration(0)) return;
  stage_.enter(
      [this, mean, act = std::move(act)] {
        if (calm_) return Stage::kNever;
        act();
        return about(mean);
      },
      about(mean));
}

/// Uniform between nothing and twice the mean.
Duration World::about(Duration mean) {
  return Duration(static_cast<Duration::rep>(2 * rng_.unit() * static_cast<double>(mean.count())));
}

void World::start(Role role) {
  const bool is_worker = role == Role::worker;
  const Stores stores{.stage = stage_,
                      .ledger = auditor_,
                      .reader = truth_,
                      .dedup_keys = truth_,
                      .registry = timetable_,
                      .hints = hints_,
                      .orders = orders_.queue(),
                      .refused_orders = orders_.refused(),
                      .logs = logs_,
                      .buckets = scans_.buckets()};
  Process::Params params{
      .name = (is_worker ? "worker-" : "controller-") + std::to_string(processes_.size() + 1),
      .rates = rates_,
      .wrong_ledger = is_worker ? plant_.worker_ledger : plant_.controller_ledger,
      .wrong_reader = is_worker ? plant_.worker_reader : nullptr,
      .wrong_bucket = plant_.controller_bucket};
  processes_.push_back(std::make_unique<Process>(std::move(params), stores, rng_.fork()));
  roles_.push_back(role);
  is_worker ? add_worker(*processes_.back()) : add_services(*processes_.back());
}

void World::add_worker(Process& process) {
  SimExecutor& executor = process.keep(std::make_unique<SimExecutor>(
      process.name(),
      SimExecutor::World{.stage = stage_,
                         .auditor = auditor_,
                         .behaviour = behaviour_,
                         .kill_process = [&process] { process.faults().crash(); }},
      process.fork_rng()));
  const WorkerOptions options{.name = process.name(),
                              .queues = {"default", "q1", "q2"},
                              .slots = 3,
                              .inline_batch = 3,
                              .inline_batch_max = 6,
                              .listen_every = 4s,
                              .poll_every = 3s,
                              .report_every = 5s,
                              .register_every = 60s,
                              .retry_every = 1s};
  auto worker = std::make_unique<Worker>(WorkerPorts{.ledger = process.ledger(),
                                                     .reader = process.reader(),
                                                     .registry = process.registry(),
                                                     .clock = stage_,
                                                     .executor = executor,
                                                     .hints = &process.hints()},
                                         options, process.fork_rng());
  Worker& draining = *worker;
  process.on_stop([this, &draining] { draining.drain(stage_.steady_now() + about(1s)); });
  // A worker that has drained ends its process, as the program does.
  process.add(std::move(worker), [&executor, &draining, &process] {
    if (draining.drained()) process.faults().crash();
    return executor.next_end();
  });
}

void World::add_services(Process& process) {
  const ScanPorts scan_ports{
      .ledger = process.ledger(),
      .clock = stage_,
      .open_bucket = [&process](const std::string& url) { return process.open_bucket(url); },
      .check_task = {},
      .dedup_keys = &process.dedup_keys()};
  const auto definitions = std::make_shared<Definitions>();
  definitions->scans = scans_.scans();
  definitions->tasks = scans_.tasks();
  for (auto& [name, scan] : definitions->scans) {
    if (plant_.scan) plant_.scan(scan);
  }
  ScannerParams scanner{.definitions = [definitions] { return definitions; }};
  scanner.observer = [this](const std::string&, const Result<ScanReport>& pass) {
    if (calm_ && pass && pass->complete()) scans_.came_through(*pass);
  };
  process.add(std::make_unique<Scanner>(scan_ports, std::move(scanner)));
  Ledger& watched = process.keep(
      std::make_unique<WatchedScheduler>(process.ledger(), process.reader(), timetable_));
  process.add(std::make_unique<Scheduler>(watched, process.registry(),
                                          SchedulerParams{.fires_max = 3, .wait_max = 20s}));
  process.add(std::make_unique<Rescuer>(process.ledger(), process.fork_rng(),
                                        RescuerParams{.batch = 5, .wait_max = 4s}));
  process.add(std::make_unique<Dispatcher>(
      process.reader(), stage_,
      [&process](const std::string& queue) {
        return queue == "default" ? &process.hints() : nullptr;
      },
      DispatcherParams{.batch = 20, .poll = 4s}));
  process.add(std::make_unique<Janitor>(JanitorPorts{.ledger = process.ledger(),
                                                     .reader = process.reader(),
                                                     .registry = process.registry(),
                                                     .logs = logs_},
                                        JanitorParams{.batch = 10, .every = 60s, .pause = 1s}));
  add_importer(process);
}

void World::add_importer(Process& process) {
  Importer& importer = process.keep(
      std::make_unique<Importer>(ImporterPorts{.ledger = process.ledger(),
                                               .from = process.orders(),
                                               .refused = process.refused_orders(),
                                               .fresh_id = [this] { return orders_.fresh_id(); },
                                               .check_task = {}},
                                 Orders::import(), Orders::tasks()));
  process.add(std::make_unique<LookingImporter>(importer));
}

void World::replace_the_dead() {
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (!processes_[i]->dead() || roles_[i] == Role::none) continue;
    const Role role = std::exchange(roles_[i], Role::none);
    processes_[i]->kill();
    stage_.enter(
        [this, role] {
          start(role);
          return Stage::kNever;
        },
        about(20s));
  }
}

Process* World::random_process() {
  Process* process = processes_[rng_.below(processes_.size())].get();
  return process->dead() ? nullptr : process;
}

/// From now on nothing goes wrong, and nobody asks for anything new.
void World::calm_down() {
  calm_ = true;
  rates_ = {};
  behaviour_ = {.transient = 0, .permanent = 0, .snooze = 0, .kills_worker = 0, .long_run = 0};
  client_faults_.set_rates({});
  hints_.set_disorder({});
  orders_.calm_down();
  for (const auto& process : processes_) process->faults().set_rates({});
  person_.leave();
}

bool World::at_rest() const {
  if (!scans_.have_settled() || !timetable_.is_handled()) return false;
  if (!orders_.have_settled()) return false;
  return std::ranges::all_of(auditor_.live_ids(), [&](const Uuid& id) {
    return auditor_.tasks().at(id).state() == State::blocked;
  });
}

void World::check_end() {
  auditor_.check_at_rest();
  if (auditor_.violation()) return;
  if (!scans_.have_settled()) {
    auditor_.report(Invariant::liveness, "the scanners do not come through");
  }
  if (!timetable_.is_handled()) {
    auditor_.report(Invariant::liveness, "the schedulers do not come through");
  }
  for (const Uuid& id : auditor_.live_ids()) {
    const AuditedTask& task = auditor_.tasks().at(id);
    // What waits for a task that failed, was cancelled or waits itself may wait for ever; what was
    // accepted a short while ago is not to blame.
    if (task.state() == State::blocked || truth_.now() - truth_.get(id)->created_at < kLifeMax) {
      continue;
    }
    auditor_.report(Invariant::liveness, "task " + to_string(id) + " is still " +
                                             std::string(to_string(task.state())) + " after " +
                                             format_duration(kPatience) + " without faults");
  }
  scans_.check();
  orders_.check();
}

Played World::outcome() {
  Played played{.seed = seed_,
                .scenario = std::string(scenario_.name),
                .plant = plant_.name,
                .violation = auditor_.violation(),
                .acts = stage_.acts(),
                .tasks = auditor_.accepted().size(),
                .troubles = troubles_};
  for (const auto& process : processes_) {
    const FaultCounts counts = process->faults().counts();
    played.troubles["call failed"] += counts.before;
    played.troubles["reply lost"] += counts.reply_lost;
    played.troubles["call stalled"] += counts.stall;
    played.troubles["crashed"] += counts.crash;
  }
  for (const QueueDisorders& broker : {hints_.disorders(), orders_.disorders()}) {
    played.troubles["message doubled"] += broker.doubled;
    played.troubles["message redelivered"] += broker.redelivered;
    played.troubles["ack lost"] += broker.acks_lost;
  }
  const auto events = truth_.events(0, SIZE_MAX);
  played.fingerprint = fingerprint(*events);
  for (const LedgerEvent& event : *events) ++played.happenings[event.entry.happening];
  scans_.tally(played.batches);
  if (!played.violation) return played;
  const std::size_t shown = std::min(kEventsShown, events->size());
  for (std::size_t i = events->size() - shown; i < events->size(); ++i) {
    const LedgerEvent& event = (*events)[i];
    played.last_events.push_back(format_time(event.entry.at) + " " + to_string(event.id) + " " +
                                 std::string(to_string(event.entry.happening)) + " -> " +
                                 std::string(to_string(event.entry.state)) + " fence " +
                                 std::to_string(event.entry.fence) + " " + event.entry.worker +
                                 event.entry.reason);
  }
  return played;
}

Played play(std::uint64_t seed, const Plant& plant) {
  const auto all = scenarios();
  return World(seed, all[seed % all.size()], plant).run();
}

std::string to_line(const Played& played) {
  std::string line = "seed " + std::to_string(played.seed) + " (" + played.scenario + "): ";
  if (!played.violation) return line + "all well";
  line += std::string(to_string(played.violation->invariant)) +
          " violated: " + played.violation->what +
          "; again with: make sim SEEDS=1 FIRST=" + std::to_string(played.seed) +
          (played.plant.empty() ? "" : " PLANT=" + played.plant) + "; last events:";
  for (const std::string& event : played.last_events) line += " | " + event;
  return line;
}

}  // namespace waybill::sim
