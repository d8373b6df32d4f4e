#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "ports/queue.h"

namespace waybill {

/// What is to become of a message, by what its handler made of it.
enum class MessageVerdict : std::uint8_t {
  done,       ///< its effects are durable: it can be acked
  try_again,  ///< not now: back to the queue
  reject,     ///< it will never succeed: to the rejected topic
  stopped,    ///< it ended because it was asked to
  unable,     ///< this handler can do no message at all, e.g. its program is not there
};

struct MessageEnd {
  MessageVerdict verdict = MessageVerdict::done;
  std::string reason;  ///< for a person; empty after `done`
};

/// One delivery of a message, as its handler sees it.
struct MessageRun {
  const Delivery& delivery;
  std::string id;        ///< what duplicates have in common; may be empty
  std::stop_token stop;  ///< asked for: end soon, answer `stopped`
};

/// Does what messages ask for. Must be safe to repeat: a run may be cut off at any moment and begun
/// again. Thread-safe.
class MessageHandler {
 public:
  virtual ~MessageHandler() = default;
  /// Blocks until the run has ended, and nothing of it is left.
  virtual MessageEnd handle(const MessageRun& run) = 0;
};

}  // namespace waybill
