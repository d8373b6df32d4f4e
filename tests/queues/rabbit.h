#pragma once

#include <string>

#include "tests/queues/server.h"

namespace waybill {

/// A RabbitMQ of the test's own, one for all cases.
class Rabbit {
 public:
  static Rabbit& instance();
  /// A second one, which knows nothing of the first.
  static Rabbit& another();
  /// Empty: it runs.
  std::string missing() const { return missing_; }
  std::string url() const {
    return "amqp://guest:guest@127.0.0.1:" + std::to_string(port_) + "/%2f";
  }
  /// Both hosts in one URL: this one first.
  std::string url_with(const Rabbit& next) const {
    return "amqp://guest:guest@" + place() + "," + next.place() + "/%2f";
  }
  std::string url_by_way_of(int port) const {
    return "amqp://guest:guest@127.0.0.1:" + std::to_string(port) + "/%2f";
  }
  int port() const { return port_; }
  std::string place() const { return "127.0.0.1:" + std::to_string(port_); }
  /// It ends as in a crash, and comes again.
  void crash() { server_.kill(); }
  /// It says and hears nothing, and its connections stay open, until it goes on.
  void freeze() { server_.freeze(); }
  void go_on() { server_.go_on(); }
  void start();
  /// Writes the declarations of queues to disk. RabbitMQ's confirms vouch for messages only. A
  /// crash within seconds of a declaration takes the queue, or, where its name was on disk and the
  /// list of its replicas was not, leaves a quorum queue that never has a leader and answers
  /// nobody.
  void write_declarations();
  /// Runs `rabbitmqctl` with these arguments, which must not fail.
  void control(const std::string& arguments);

 private:
  Rabbit();

  const int port_ = free_port();
  const int mapper_port_ = free_port();
  std::string missing_;
  Server::Start how_;
  Server mapper_;
  Server server_;
};

}  // namespace waybill
