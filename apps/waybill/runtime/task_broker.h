#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/waybill/runtime/amqp_options.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "core/broker_url.h"
#include "ports/queue.h"
#include "services/dispatcher.h"
#include "services/service_loop.h"

namespace waybill::cli {

/// The broker of the setting `queue`: has a queue for each queue of the ledger, made when it is
/// first used. Outlives what it gives. Thread-safe.
class TaskBroker {
 public:
  virtual ~TaskBroker() = default;
  /// Null if the setting names none. `invalid_argument` for what makes no sense; the broker itself
  /// is not asked for yet.
  static Result<std::unique_ptr<TaskBroker>> open(Session& session);

  /// Where hints at tasks of a queue of the ledger are published. `stop`: no call need go on.
  virtual std::unique_ptr<Queue> publisher(const std::string& queue, std::stop_token stop) = 0;
  /// Where they are received, at most `in_hand` ahead.
  virtual Result<std::unique_ptr<Queue>> receiver(const std::string& queue, std::size_t in_hand,
                                                  std::stop_token stop) = 0;
};

/// How to reach the RabbitMQ of the settings, also where `queue` names another broker or none.
/// `invalid_argument` if none is told of.
Result<amqp::ConnectionParams> rabbit_of(const Config& config);
/// Its exchange, and queue, of messages that nobody can do anything with.
std::string dead_letters_of(const Config& config);

/// Tells the broker of tasks that are ready, from construction to destruction.
class Dispatching {
 public:
  /// All outlive it.
  Dispatching(Session& session, Store& store, TaskBroker& broker);
  ~Dispatching();
  Dispatching(const Dispatching&) = delete;
  Dispatching& operator=(const Dispatching&) = delete;

 private:
  std::function<void()> begin_lane(Service& lane);

  Session& session_;
  std::uint64_t seed_;
  std::stop_source stop_;
  // Of the dispatcher's thread:
  std::map<std::string, std::unique_ptr<Queue>> queues_;
  std::vector<std::unique_ptr<ServiceLoop>> lanes_;  ///< a broker that hangs keeps its own waiting
  Dispatcher dispatcher_;
  ServiceLoop loop_;
};

}  // namespace waybill::cli
