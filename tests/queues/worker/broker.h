#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "ports/clock.h"
#include "ports/queue.h"

namespace waybill::e2e {

/// A real broker as the program's tests see it: queues of their own, and how to name them.
struct Broker {
  std::string name;
  /// Why it can't be had; empty: it runs.
  std::function<std::string()> missing;
  /// A queue that is there from now on, to publish to and to look into; it hides a delivery for
  /// that long.
  std::function<std::unique_ptr<Queue>(Clock& clock, const std::string& name, Duration visibility)>
      queue;
  /// What --queue, and --rejected-topic or --to, say for a queue of that name.
  std::function<std::string(const std::string& name)> source;
  std::function<std::string(const std::string& name)> destination;
  std::vector<std::string> arguments;  ///< that name the broker: --from and so on
  std::function<std::map<std::string, std::string>()> environment;
  bool hides = true;  ///< a message can be hidden for a while
};
inline std::ostream& operator<<(std::ostream& out, const Broker& broker) {
  return out << broker.name;
}

Broker rabbitmq();
Broker pubsub_emulator();
Broker moto();
Broker moto_fifo();

/// A name that no other test uses.
std::string fresh_queue_name();

}  // namespace waybill::e2e
