#include "adapters/amqp/topology.h"

#include <amqp.h>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/amqp/reply.h"
#include "base/log.h"

namespace waybill::amqp {
namespace {

struct Argument {
  std::string_view name;
  std::string_view text{};
  std::int64_t number = 0;  ///< where there is no text
};

struct NewQueue {
  std::string name;
  std::vector<Argument> arguments{};
  bool durable = true;
};

Status declare(Connection& connection, const NewQueue& queue) {
  std::vector<amqp_table_entry_t> entries;
  for (const Argument& argument : queue.arguments) {
    amqp_table_entry_t& entry = entries.emplace_back();
    entry.key = bytes_of(argument.name);
    if (argument.text.empty()) {
      entry.value.kind = AMQP_FIELD_KIND_I64;
      entry.value.value.i64 = argument.number;
      continue;
    }
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = bytes_of(argument.text);
  }
  const amqp_table_t table{.num_entries = static_cast<int>(entries.size()),
                           .entries = entries.data()};
  amqp_queue_declare(connection.state(), Connection::kChannel, bytes_of(queue.name), 0,
                     queue.durable ? 1 : 0, 0, 0, table);
  return connection.reply("declaring queue '" + queue.name + "' at " + connection.place());
}

Status declare_exchange(Connection& connection, const std::string& exchange,
                        std::string_view type) {
  amqp_exchange_declare(connection.state(), Connection::kChannel, bytes_of(exchange),
                        bytes_of(type), 0, 1, 0, 0, amqp_empty_table);
  const Status declared =
      connection.reply("declaring exchange '" + exchange + "' at " + connection.place());
  if (declared || declared.error().code != Code::failed_precondition) return declared;
  Error error = declared.error();
  error.message += "; it is there as another type than " + std::string(type) + ": delete it";
  return fail(std::move(error));
}

Status bind_queue(Connection& connection, const std::string& queue, const std::string& exchange,
                  const std::string& routing_key) {
  amqp_queue_bind(connection.state(), Connection::kChannel, bytes_of(queue), bytes_of(exchange),
                  bytes_of(routing_key), amqp_empty_table);
  return connection.reply("binding queue '" + queue + "' to exchange '" + exchange + "' at " +
                          connection.place());
}

std::vector<Argument> arguments_of(AmqpQueueType type) {
  if (type == AmqpQueueType::broker_default) return {};
  return {{"x-queue-type", type == AmqpQueueType::quorum ? "quorum" : "classic"}};
}

/// Asks for a queue that may be there with other properties, as an administrator wanted it: then it
/// is used as it is, on a new connection, as the broker has closed the channel.
Status make_queue(std::unique_ptr<Connection>& connection, const ConnectionParams& params,
                  const NewQueue& queue) {
  Status declared = declare(*connection, queue);
  if (declared || declared.error().code != Code::failed_precondition) return declared;
  log::debug("amqp_queue_as_it_is", declared.error().message, {{"queue", queue.name}});
  auto again = Connection::open(params);
  if (!again) return fail(again.error());
  connection = std::move(*again);
  return {};
}

Status make_dead_letters(std::unique_ptr<Connection>& connection, const AmqpOptions& options) {
  const std::string& name = options.dead_letter_exchange;
  if (Status made = declare_exchange(*connection, name, "fanout"); !made) return made;
  const NewQueue queue{.name = name, .arguments = arguments_of(AmqpQueueType::quorum)};
  if (Status made = make_queue(connection, options.connection, queue); !made) return made;
  return bind_queue(*connection, name, name, "");
}

}  // namespace

bool can_be_unlimited(std::string_view version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major >= 4;
}

Status declare_queue(Connection& connection, const AmqpOptions& options) {
  if (options.queue.empty()) return {};
  const Status declared =
      declare(connection, {.name = options.queue, .arguments = arguments_of(options.type)});
  if (declared || declared.error().code != Code::failed_precondition) return declared;
  Error error = declared.error();
  error.message += "; the queue is there with other properties: name its type, or delete it";
  return fail(std::move(error));
}

Status make_topology(const AmqpOptions& options) {
  auto opened = Connection::open(options.connection);
  if (!opened) return fail(opened.error());
  std::unique_ptr<Connection> connection = std::move(*opened);
  NewQueue queue{
      .name = options.queue, .arguments = arguments_of(options.type), .durable = options.durable};
  const std::string& dead = options.dead_letter_exchange;
  if (!dead.empty()) {
    if (Status made = make_dead_letters(connection, options); !made) return made;
    queue.arguments.push_back({"x-dead-letter-exchange", dead});
  }
  const bool quorum = options.type == AmqpQueueType::quorum;
  if (options.gives_back_freely && quorum && can_be_unlimited(connection->server_version())) {
    queue.arguments.push_back({.name = "x-delivery-limit", .number = -1});
  }
  const bool makes_exchange = options.makes == AmqpMakes::topology && options.exchange != dead;
  if (makes_exchange && !options.exchange.empty()) {
    if (Status made = declare_exchange(*connection, options.exchange, "direct"); !made) return made;
  }
  if (options.queue.empty()) return {};
  if (Status made = make_queue(connection, options.connection, queue); !made) return made;
  if (options.exchange.empty()) return {};
  return bind_queue(*connection, options.queue, options.exchange, options.routing_key);
}

}  // namespace waybill::amqp
