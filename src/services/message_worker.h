#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "core/message_form.h"
#include "ports/clock.h"
#include "ports/done_ids.h"
#include "ports/message_handler.h"
#include "ports/queue.h"
#include "services/lease_keeper.h"

namespace waybill {

/// What a MessageWorker works with; all of it outlives the worker.
struct MessageWorkerPorts {
  Queue& from;
  Queue* rejected;  ///< where what can never succeed goes; null: back to the queue
  MessageHandler& handler;
  DoneIds* done;  ///< null: duplicates are not looked for
  Clock& clock;
};

/// When a MessageWorker ends by itself.
enum class WorkerEnd : std::uint8_t {
  never,
  after_one,   ///< one message was handled
  when_empty,  ///< none came for `idle`, and none is in hand
};

struct MessageWorkerOptions {
  std::size_t concurrency = 1;
  Duration lease = std::chrono::minutes(10);
  Duration first_lease{};   ///< see LeaseKeeperOptions
  Duration run_time_max{};  ///< of one run, which is then stopped and tried again; zero: no limit
  /// Before a message that failed is seen again; doubled with each delivery that the backend
  /// counts, up to ten minutes. Where a backend can't hide a message, this worker holds it.
  Duration retry_delay = std::chrono::seconds(10);
  MessageForm form = MessageForm::prio;
  WorkerEnd end = WorkerEnd::never;
  Duration idle = std::chrono::seconds(5);
  Duration lifetime{};  ///< takes no message after that; zero: no limit
};

/// What became of the messages that a worker took.
struct MessageCounts {
  std::int64_t done = 0;
  std::int64_t duplicates = 0;  ///< acked without a run: one with the same id was done before
  std::int64_t given_back = 0;
  std::int64_t rejected = 0;
  std::int64_t lost = 0;  ///< others may have them
};

/// When to stop. The first asks it to take no more and to finish what it has in hand; the second to
/// stop that too, and give it back.
struct WorkerStops {
  std::stop_token finish;
  std::stop_token abort;
};

/// Takes messages from a queue and has a handler do what they ask for, as Prio's facilitator does:
/// acked when done, back to the queue when it may succeed later, published to the rejected topic
/// and then acked when it never will. A message is acked only when what it asked for, or its copy
/// in the rejected topic, is durable; so every message is done at least once.
class MessageWorker {
 public:
  MessageWorker(const MessageWorkerPorts& ports, const MessageWorkerOptions& options);

  /// Blocks until it ends by itself or is asked to. An error that asking again can't mend, of the
  /// queue or of the handler, ends it too; with another end than `never`, any error of the queue.
  Result<MessageCounts> run(const WorkerStops& stops);

 private:
  void serve();
  /// Tells whether to go on after an error of the queue; waits before that.
  bool survives(const Error& error, Duration& pause);
  void handle(const Delivery& delivery);
  void work_on(const Delivery& delivery, const MessageFacts& facts, const std::string& id);
  void settle(const Delivery& delivery, const std::string& id, LeaseKeeper::Held& held,
              const MessageEnd& end);
  void finish(const Delivery& delivery, const std::string& id, LeaseKeeper::Held& held);
  void reject(const Delivery& delivery, const std::string& id, LeaseKeeper::Held& held,
              const std::string& reason);
  enum class GiveBack : std::uint8_t { at_once, later };
  void give_back(const Delivery& delivery, LeaseKeeper::Held& held, GiveBack when);
  Duration retry_delay(const Delivery& delivery) const;
  /// Waits until no other copy of the message is in hand; false if it is asked to stop first.
  bool enter(const std::string& id, const std::stop_token& stop);
  void leave(const std::string& id);
  bool is_done(const std::string& id);
  void fail_with(Error error);
  void end();

  const MessageWorkerPorts ports_;
  const MessageWorkerOptions options_;
  LeaseKeeper keeper_;
  std::stop_source taking_;  // asked to stop: take no more
  std::stop_token finish_;   // by somebody, not by an end of its own
  std::stop_token abort_;
  SteadyTime take_until_ = kSteadyTimeMax;
  std::atomic<int> busy_ = 0;  // slots with a message in hand
  Bell left_;
  Mutex mutex_;
  std::set<std::string> in_hand_ GUARDED_BY(mutex_);  // ids
  MessageCounts counts_ GUARDED_BY(mutex_);
  std::optional<Error> failure_ GUARDED_BY(mutex_);
};

}  // namespace waybill
