#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "http/handler_pool.h"
#include "http/message.h"
#include "http/waiting_room.h"
#include "ports/clock.h"

namespace waybill::rpc {

/// What is asked of the application.
struct Question {
  http::Request request;
  /// Whether somebody still waits for the answer: asked before each attempt.
  std::function<bool()> wanted;
  /// Gets the answer, on a handler's thread; not called if nobody wanted it any more.
  std::function<void(http::Response)> answered;
};

/// Where calls are answered: on threads that may block, while those that have to wait do so without
/// one. Thread-safe.
class Desk {
 public:
  /// At most `waiting_max` questions wait for one of `threads`. `application` and `clock` outlive
  /// it.
  Desk(http::Application& application, Clock& clock, std::size_t threads, std::size_t waiting_max);

  /// False: too many wait already.
  bool ask(std::shared_ptr<Question> question);
  /// The same for what must not be lost: always taken.
  void ask_surely(std::shared_ptr<Question> question);
  /// Runs a job that is short, and follows from what was taken before.
  void run(std::function<void()> job) { pool_.submit_again(std::move(job)); }
  /// Hands on those who wait for this topic.
  void ring(const std::string& topic) { room_.ring(topic); }
  /// WaitingRoom::pass_over.
  bool pass_over() { return room_.pass_over(); }
  /// Blocks until no question is being answered, and none waits for a thread.
  void wait_until_idle() { pool_.wait_until_idle(); }
  /// From now on nobody waits.
  void drain();
  bool draining() const { return draining_; }

 private:
  void answer(const std::shared_ptr<Question>& question);

  http::Application& application_;
  Clock& clock_;
  std::atomic<bool> draining_ = false;
  http::HandlerPool pool_;
  http::WaitingRoom room_;  // after the pool, which it hands jobs to
};

}  // namespace waybill::rpc
