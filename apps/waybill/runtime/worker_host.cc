#include "apps/waybill/runtime/worker_host.h"

#include <unistd.h>

#include <array>
#include <set>
#include <utility>

namespace waybill::cli {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

WorkerOptions worker_options(Session& session, std::vector<std::string> queues) {
  const Config& config = session.config();
  WorkerOptions options;
  options.host = host_name();
  options.process_id = ::getpid();
  options.name = options.host + "-" + std::to_string(options.process_id) + "-" +
                 to_string(UuidMaker(session.rng()).next(session.clock().now())).substr(24);
  options.queues = std::move(queues);
  options.slots = static_cast<std::size_t>(config.slots);
  options.lease = config.lease;
  options.beat_every = config.beat;
  options.poll_every = config.poll;
  return options;
}

}  // namespace

WorkerHost::WorkerHost(Session& session, Store& store, Kinds kinds, WorkerOptions options)
    : kinds_(std::move(kinds)),
      executor_({.clock = session.clock(),
                 .logs = store.logs(),
                 .scratch = store.scratch(),
                 .bell = bell_},
                kinds_.all(), options.slots),
      worker_({.ledger = store.ledger(),
               .reader = store.reader(),
               .registry = store.registry(),
               .clock = session.clock(),
               .executor = executor_},
              options, session.rng().fork()),
      loop_(worker_, bell_, session.clock()),
      watch_(store.reader(), {&bell_}, session.clock()) {}

Result<std::unique_ptr<WorkerHost>> WorkerHost::start(Session& session, Store& store,
                                                      std::vector<std::string> queues) {
  auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  WorkerOptions options = worker_options(session, std::move(queues));
  if (const Status status = check_worker_options(options); !status) return fail(status.error());
  return std::unique_ptr<WorkerHost>(
      new WorkerHost(session, store, std::move(*kinds), std::move(options)));
}

Result<std::vector<std::string>> served_queues(Session& session, Store& store) {
  if (!session.config().queues.empty()) return session.config().queues;
  std::set<std::string> queues = {"default"};
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  for (const auto& [name, task] : (*definitions)->tasks) queues.insert(task.queue);
  for (const auto& [name, queue] : (*definitions)->queues) queues.insert(name);
  const auto known = store.registry().queues();
  if (!known) return fail(known.error());
  for (const QueueSettings& queue : *known) queues.insert(queue.name);
  const auto counts = store.reader().counts();
  if (!counts) return fail(counts.error());
  for (const QueueCounts& count : *counts) queues.insert(count.queue);
  return std::vector<std::string>(queues.begin(), queues.end());
}

}  // namespace waybill::cli
