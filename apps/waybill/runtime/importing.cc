#include "apps/waybill/runtime/importing.h"

#include <utility>

#include "adapters/amqp/queue.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/task_broker.h"
#include "base/uuid.h"
#include "services/importer.h"
#include "services/service_loop.h"

namespace waybill::cli {
namespace {

constexpr std::uint16_t kReadAhead = 200;
/// Of all bodies that all imports have in hand, but for one message of each.
constexpr std::size_t kBytesInHandMax = std::size_t{64} << 20;

}  // namespace

struct Importing::Line {
  Line(Session& session, const AmqpOptions& options)
      : rng(session.rng().fork()), ids(rng), from(session.clock(), options) {}

  Rng rng;
  UuidMaker ids;  // of the importer's thread
  AmqpQueue from;
  std::unique_ptr<Importer> importer{};
  std::unique_ptr<ServiceLoop> loop{};
};

Importing::Importing(Session& session, Kinds kinds) : session_(session), kinds_(std::move(kinds)) {}

Result<std::unique_ptr<Importing>> Importing::open(Session& session, Store& store,
                                                   const Definitions& definitions) {
  if (definitions.imports.empty()) return nullptr;
  auto connection = rabbit_of(session.config());
  if (!connection) return fail(with_context(connection.error(), "imports read from RabbitMQ"));
  auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  std::unique_ptr<Importing> all(new Importing(session, std::move(*kinds)));
  connection->stop = all->stop_.get_token();
  const std::string dead = dead_letters_of(session.config());
  const AmqpOptions to_dead{.connection = *connection,
                            .queue = "",
                            .exchange = dead,
                            .routing_key = "import",
                            .makes = AmqpMakes::topology,
                            .dead_letter_exchange = dead};
  const AmqpOptions to_askers{.connection = *connection,
                              .queue = "",
                              .exchange = "",
                              .routing_key = "",
                              .routing = AmqpRouting::by_reply_to,
                              .dead_letter_exchange = ""};
  all->refused_ = std::make_unique<AmqpQueue>(session.clock(), to_dead);
  all->replies_ = std::make_unique<AmqpQueue>(session.clock(), to_askers);
  for (const auto& [name, import] : definitions.imports) {
    all->lines_.push_back(
        all->line_of(store, definitions, import,
                     {.connection = *connection,
                      .queue = import.queue,
                      .exchange = import.exchange,
                      .routing_key = import.routing_key,
                      .makes = AmqpMakes::binding,
                      .dead_letter_exchange = "",
                      .durable = import.durable,
                      .prefetch = kReadAhead,
                      .receive_bytes_max = kBytesInHandMax / definitions.imports.size()}));
  }
  return all;
}

std::unique_ptr<Importing::Line> Importing::line_of(Store& store, const Definitions& definitions,
                                                    const ImportDefinition& import,
                                                    AmqpOptions options) {
  auto line = std::make_unique<Line>(session_, options);
  Line& made = *line;
  made.importer = std::make_unique<Importer>(
      ImporterPorts{
          .ledger = store.ledger(),
          .from = made.from,
          .refused = *refused_,
          .replies = replies_.get(),
          .fresh_id = [&made, &clock = session_.clock()] { return made.ids.next(clock.now()); },
          .check_task = [this](const TaskRequest& request) { return kinds_.check(request); }},
      import, definitions.tasks);
  return line;
}

void Importing::begin() {
  for (const auto& line : lines_) {
    line->loop = std::make_unique<ServiceLoop>(*line->importer, session_.clock(),
                                               ServiceLoopParams{.seed = session_.rng().next()});
  }
}

Importing::~Importing() {
  stop_.request_stop();
  for (const auto& line : lines_) {
    if (line->loop) line->loop->request_stop();
  }
  for (const auto& line : lines_) {
    if (line->loop) line->loop->stop();
  }
}

}  // namespace waybill::cli
