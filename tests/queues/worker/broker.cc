#include "tests/queues/worker/broker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "adapters/amqp/queue.h"
#include "tests/queues/moto.h"
#include "tests/queues/pubsub_emulator.h"
#include "tests/queues/rabbit.h"

namespace waybill::e2e {

std::string fresh_queue_name() {
  static int last = 0;
  return "tasks-" + std::to_string(::getpid()) + "-" + std::to_string(++last);
}

Broker rabbitmq() {
  const auto same = [](const std::string& name) { return name; };
  return {.name = "amqp",
          .missing = [] { return Rabbit::instance().missing(); },
          .queue = [](Clock& clock, const std::string& name, Duration) -> std::unique_ptr<Queue> {
            return std::make_unique<AmqpQueue>(
                clock, AmqpOptions{.connection = {.url = Rabbit::instance().url()},
                                   .queue = name,
                                   .prefetch = 1000});
          },
          .source = same,
          .destination = same,
          .arguments = {"--from", "amqp"},
          .environment =
              [] {
                return std::map<std::string, std::string>{
                    {"WAYBILL_AMQP_URL", Rabbit::instance().url()}};
              },
          .hides = false};
}

Broker pubsub_emulator() {
  const auto same = [](const std::string& name) { return name; };
  return {.name = "pubsub",
          .missing = [] { return Emulator::instance().missing(); },
          .queue = [](Clock& clock, const std::string& name,
                      Duration visibility) -> std::unique_ptr<Queue> {
            auto queue = std::make_unique<OwnPubSubQueue>(
                clock, PubSubOptions{.project = "project",
                                     .topic = name,
                                     .subscription = name,
                                     .endpoint = Emulator::instance().endpoint(),
                                     .ack_deadline = visibility});
            const Status created = queue->inner().create_topics();
            EXPECT_TRUE(created.has_value()) << created.error().message;
            return queue;
          },
          .source = same,
          .destination = same,
          .arguments = {"--from", "gcp-pubsub", "--gcp-project-id", "project"},
          .environment =
              [] {
                return std::map<std::string, std::string>{
                    {"PUBSUB_EMULATOR_HOST", Emulator::instance().place()}};
              }};
}

namespace {

/// SQS, of which all names end with `suffix`: ".fifo" makes it keep the order and drop duplicates.
Broker sqs(const std::string& broker_name, const std::string& suffix) {
  const auto url = [suffix](const std::string& name) {
    return Moto::instance().create_queue(name + suffix);
  };
  return {.name = broker_name,
          .missing = [] { return Moto::instance().missing(); },
          .queue = [url](Clock& clock, const std::string& name,
                         Duration visibility) -> std::unique_ptr<Queue> {
            Moto& server = Moto::instance();
            return std::make_unique<OwnSqsQueue>(clock, SqsOptions{.region = "us-east-1",
                                                                   .queue_url = url(name),
                                                                   .sns_endpoint = server.url(),
                                                                   .sqs_endpoint = server.url(),
                                                                   .visibility = visibility});
          },
          .source = url,
          // As Prio has it: a topic whose subscription is a queue.
          .destination =
              [suffix](const std::string& name) {
                return Moto::instance().create_topic(name + suffix);
              },
          .arguments = {"--from", "aws-sqs"},
          .environment =
              [] {
                return std::map<std::string, std::string>{
                    {"AWS_ENDPOINT_URL", Moto::instance().url()},
                    {"AWS_REGION", "us-east-1"},
                    {"AWS_ACCESS_KEY_ID", "x"},
                    {"AWS_SECRET_ACCESS_KEY", "x"}};
              }};
}

}  // namespace

Broker moto() { return sqs("sqs", ""); }
Broker moto_fifo() { return sqs("sqs_fifo", ".fifo"); }

}  // namespace waybill::e2e
