#include "apps/waybill/runtime/rabbit_watch.h"

#include <algorithm>
#include <utility>

#include "apps/waybill/runtime/task_broker.h"
#include "base/log.h"
#include "core/broker_url.h"

namespace waybill::cli {
namespace {

constexpr Duration kAskEvery = std::chrono::seconds(5);

amqp::ConnectionParams watching(amqp::ConnectionParams params, std::stop_token stop) {
  params.stop = std::move(stop);
  params.handshake_time_max = kRabbitAnswerMax;
  params.call_time_max = kRabbitAnswerMax;
  return params;
}

}  // namespace

RabbitWatch::RabbitWatch(amqp::ConnectionParams params)
    : params_(watching(std::move(params), stop_.get_token())) {}

Status RabbitWatch::ask() {
  if (connection_) return connection_->ask();
  auto opened = amqp::Connection::open(params_);
  if (!opened) return fail(opened.error());
  connection_ = std::move(*opened);
  return {};
}

Result<Duration> RabbitWatch::step(const Deadline& deadline) {
  Status answered = ask();
  if (!answered && connection_) {
    // A broker that has started again has closed it: that alone is not away.
    connection_.reset();
    answered = ask();
  }
  if (deadline.stop_requested() || stop_.stop_requested()) return Duration::max();
  const Seen before = seen_.exchange(answered ? Seen::up : Seen::away);
  if (!answered) {
    connection_.reset();
    if (before != Seen::away) log::warn("broker_away", answered.error().message);
    return kAskEvery;
  }
  if (before == Seen::away) log::info("broker_back", "RabbitMQ answers at " + connection_->place());
  // So often that the broker hears from it within the time of a heartbeat.
  const Duration beat = connection_->heartbeat() / 2;
  return beat > Duration(0) ? std::min(kAskEvery, beat) : kAskEvery;
}

void RabbitWatch::add_metrics(std::vector<MetricSample>& samples) const {
  const Seen seen = seen_;
  if (seen == Seen::not_yet) return;
  samples.push_back({.name = "waybill_broker_up",
                     .labels = {},
                     .value = seen == Seen::up ? 1.0 : 0.0,
                     .help = "1 if RabbitMQ answered when it was last asked, as it is every 5 s; "
                             "else 0."});
}

Result<std::unique_ptr<RabbitWatch>> open_rabbit_watch(Session& session,
                                                       const Definitions& definitions) {
  const auto url = parse_broker_url(session.config().queue);
  if (!url) return fail(with_context(url.error(), "--queue"));
  if (url->kind != BrokerKind::amqp && definitions.imports.empty()) return nullptr;
  auto params = rabbit_of(session.config());
  if (!params) return fail(params.error());
  return std::make_unique<RabbitWatch>(std::move(*params));
}

}  // namespace waybill::cli
