#include "apps/waybill/runtime/worker_host.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <utility>

#include "adapters/file/scratch_space.h"
#include "apps/waybill/runtime/archive_desk.h"
#include "apps/waybill/runtime/vault.h"
#include "services/artifact_keeper.h"

namespace waybill::cli {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

/// Absolute, because programs run in other directories.
std::string absolute_data(const Config& config) {
  std::error_code ignored;
  return std::filesystem::absolute(config.data, ignored).lexically_normal().string();
}

std::unique_ptr<HintFeed> feed_of(const WorkerHost::Ports& ports, const WorkerOptions& options,
                                  Clock& clock, Bell& bell) {
  if (ports.broker == nullptr) return nullptr;
  const std::size_t in_hand = options.slots;
  return std::make_unique<HintFeed>(
      HintFeed::Ports{
          .open =
              [broker = ports.broker, in_hand](const std::string& queue, std::stop_token stop) {
                return broker->receiver(queue, in_hand, std::move(stop));
              },
          .reader = ports.changes,
          .clock = clock,
          .bell = bell},
      HintFeedParams{.queues = options.queues, .in_hand = in_hand});
}

}  // namespace

WorkerOptions worker_options(Session& session) {
  const Config& config = session.config();
  WorkerOptions options;
  options.host = host_name();
  options.process_id = ::getpid();
  options.version = WAYBILL_VERSION;
  options.name = options.host + "-" + std::to_string(options.process_id) + "-" +
                 to_string(UuidMaker(session.rng()).next(session.clock().now())).substr(24);
  options.queues = config.queues;
  options.slots = static_cast<std::size_t>(config.slots);
  options.lease = config.lease;
  options.beat_every = config.beat;
  options.poll_every = config.poll;
  return options;
}

WorkerHost::WorkerHost(Session& session, Ports ports, Parts parts)
    : parts_(std::move(parts)),
      bell_(ports.bell == nullptr ? own_bell_ : *ports.bell),
      hints_(feed_of(ports, parts_.options, session.clock(), bell_)),
      executor_({.clock = session.clock(),
                 .logs = ports.logs,
                 .scratch = *parts_.scratch,
                 .bell = bell_,
                 .secrets = parts_.secrets.get(),
                 .artifacts = parts_.artifacts.get()},
                parts_.kinds.all(), parts_.options.slots, parts_.options.report_every),
      worker_({.ledger = ports.ledger,
               .reader = ports.reader,
               .registry = ports.registry,
               .clock = session.clock(),
               .executor = executor_,
               .hints = hints_.get(),
               .side = &side_},
              parts_.options, session.rng().fork()),
      loop_(worker_, bell_, session.clock()) {
  if (ports.changes != nullptr) {
    watch_.emplace(*ports.changes, std::vector<Bell*>{&bell_}, session.clock());
  }
}

Result<std::unique_ptr<WorkerHost>> WorkerHost::start(Session& session, Store& store,
                                                      RuleDesk* rules, TaskBroker* broker) {
  auto desk =
      open_archive_desk(session, absolute_data(session.config()), store.beside().host_turns);
  if (!desk) return fail(desk.error());
  (*desk)->collections = &store.beside().collections;
  auto kinds = Kinds::for_worker(session.config(), session.clock(), std::move(*desk));
  if (!kinds) return fail(kinds.error());
  return start(session, store, rules,
               {.kinds = std::move(*kinds), .options = worker_options(session), .broker = broker});
}

Result<std::unique_ptr<WorkerHost>> WorkerHost::start(Session& session, Store& store,
                                                      RuleDesk* rules, Terms terms) {
  WorkerOptions& options = terms.options;
  if (const Status status = check_worker_options(options); !status) return fail(status.error());
  auto scratch = FileScratchSpace::open(absolute_data(session.config()) + "/scratch", options.name);
  if (!scratch) return fail(scratch.error());
  auto secrets = open_vault(session, store);
  if (!secrets) return fail(secrets.error());
  std::unique_ptr<WorkLedger> ruled;
  if (rules != nullptr) {
    ruled = std::make_unique<RuledWork>(*rules, store.ledger(), store.reader(), session.clock());
  }
  WorkLedger& ledger = ruled ? *ruled : store.ledger();
  return std::make_unique<WorkerHost>(
      session,
      Ports{.ledger = ledger,
            .reader = store.reader(),
            .registry = store.registry(),
            .logs = store.logs(),
            .changes = &store.reader(),
            .broker = terms.broker},
      Parts{std::move(terms.kinds), std::move(*scratch), std::move(options), std::move(ruled),
            std::move(*secrets),
            std::make_unique<ArtifactKeeper>(store.contents(), store.beside().artifacts,
                                             session.clock())});
}

}  // namespace waybill::cli
