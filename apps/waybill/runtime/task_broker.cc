#include "apps/waybill/runtime/task_broker.h"

#include <algorithm>
#include <utility>

#include "adapters/amqp/queue.h"
#include "apps/waybill/runtime/cloud_broker.h"

namespace waybill::cli {
namespace {

/// A quorum queue that is asked for before it has a leader, just after its node's start, does not
/// answer at all: to ask again helps.
constexpr Duration kAnswerTimeMax = std::chrono::seconds(5);

/// RabbitMQ: one exchange, and behind it a queue for each queue of the ledger
/// (docs/reference/amqp.md).
class RabbitBroker final : public TaskBroker {
 public:
  RabbitBroker(amqp::ConnectionParams connection, const Config& config, Clock& clock)
      : connection_(std::move(connection)),
        prefix_(config.queue_prefix),
        dead_letters_(dead_letters_of(config)),
        clock_(clock) {}

  std::unique_ptr<Queue> publisher(const std::string& queue, std::stop_token stop) override {
    return std::make_unique<AmqpQueue>(clock_, options(queue, std::move(stop)));
  }
  Result<std::unique_ptr<Queue>> receiver(const std::string& queue, std::size_t in_hand,
                                          std::stop_token stop) override {
    AmqpOptions own = options(queue, std::move(stop));
    own.prefetch = static_cast<std::uint16_t>(std::min<std::size_t>(in_hand, UINT16_MAX));
    return std::make_unique<AmqpQueue>(clock_, std::move(own));
  }

 private:
  AmqpOptions options(const std::string& queue, std::stop_token stop) const {
    AmqpOptions options{.connection = connection_,
                        .queue = prefix_ + "." + queue,
                        .exchange = prefix_,
                        .routing_key = queue,
                        .type = AmqpQueueType::quorum,
                        .makes = AmqpMakes::topology,
                        .dead_letter_exchange = dead_letters_,
                        .gives_back_freely = true};
    options.connection.stop = std::move(stop);
    options.connection.call_time_max = kAnswerTimeMax;
    options.confirm_time_max = kAnswerTimeMax;
    return options;
  }

  const amqp::ConnectionParams connection_;
  const std::string prefix_;
  const std::string dead_letters_;
  Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<TaskBroker>> TaskBroker::open(Session& session) {
  const Config& config = session.config();
  const auto url = parse_broker_url(config.queue);
  if (!url) return fail(with_context(url.error(), "--queue"));
  if (url->kind == BrokerKind::none) return nullptr;
  if (url->kind != BrokerKind::amqp) return open_cloud_broker(session, *url);
  auto connection = rabbit_of(config);
  if (!connection) return fail(connection.error());
  return std::make_unique<RabbitBroker>(std::move(*connection), config, session.clock());
}

Result<amqp::ConnectionParams> rabbit_of(const Config& config) {
  const auto url = parse_broker_url(config.queue);
  if (!url) return fail(with_context(url.error(), "--queue"));
  const std::string place = url->kind == BrokerKind::amqp ? url->place : "";
  return amqp_connection({.url = place, .url_file = place.empty() ? config.amqp_url_file : ""},
                         process_environment());
}

/// No queue of the ledger can have that name: theirs have a dot after the prefix.
std::string dead_letters_of(const Config& config) { return config.queue_prefix + "-dead"; }

Dispatching::Dispatching(Session& session, Store& store, TaskBroker& broker)
    : session_(session),
      seed_(session.rng().next()),
      dispatcher_(
          store.reader(), session.clock(),
          [this, &broker](const std::string& queue) {
            auto& place = queues_[queue];
            place = broker.publisher(queue, stop_.get_token());
            return place.get();
          },
          {}, [this](Service& lane) { return begin_lane(lane); }),
      loop_(dispatcher_, session.clock(), {.seed = session.rng().next()}) {}

std::function<void()> Dispatching::begin_lane(Service& lane) {
  ServiceLoop& loop = *lanes_.emplace_back(
      std::make_unique<ServiceLoop>(lane, session_.clock(), ServiceLoopParams{.seed = ++seed_}));
  return [&loop] { loop.ring(); };
}

Dispatching::~Dispatching() {
  stop_.request_stop();
  loop_.stop();
  for (const auto& lane : lanes_) lane->request_stop();
  lanes_.clear();
}

}  // namespace waybill::cli
