#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "rpc/desk.h"
#include "rpc/method.h"
#include "rpc/outcome.h"

namespace waybill::rpc {

/// The network's side of a call. It neither blocks nor calls back before it returns. After the end
/// was said it may be gone.
class Wire {
 public:
  virtual ~Wire() = default;
  /// Tells the client that its stream has begun.
  virtual void open() = 0;
  /// Wants one message more; one at a time.
  virtual void read() = 0;
  /// Sends a message; one at a time, until written() comes.
  virtual void write(std::string message) = 0;
  /// Ends the call. Once, and nothing after it.
  virtual void finish(const Outcome& outcome) = 0;
  /// The last message with the end.
  virtual void finish_with(std::string message, const Outcome& outcome) = 0;
};

/// Our side of a call. The network's threads tell it what happens; none of these may block.
/// Thread-safe; shared with the questions that it asks.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  /// `desk`, `method` and, until its end was said, `wire` outlive it.
  Conversation(Desk& desk, const Method& method, Caller caller, Wire& wire)
      : desk_(desk), method_(method), caller_(std::move(caller)), wire_(wire) {}
  virtual ~Conversation() = default;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  virtual void begin() = 0;
  virtual void message(const std::string& bytes) = 0;
  /// The client has nothing more to say.
  virtual void closed() = 0;
  /// The message under way was handed to the network: room for the next.
  virtual void written() {}
  /// The client is gone, or its deadline has passed. May come in place of anything.
  virtual void gone() = 0;
  /// The server is about to end.
  virtual void drain() {}
  /// All is over. `reached`: the client has got the end, as far as one can tell.
  virtual void over(bool reached) { static_cast<void>(reached); }

 protected:
  /// The message in the JSON form of a request.
  Result<boost::json::object> read_input(const std::string& bytes) const;
  /// The bytes of an output message. `internal` if the JSON does not fit it.
  Result<std::string> output_of(const boost::json::object& json) const;

  /// Whether a question goes on with what a rate limit has counted.
  enum class Counts : std::uint8_t { anew, not_again };
  /// Asks what the API would be asked with these members; none: the answer comes, unless the call
  /// has ended by then. Else what the call is to end with.
  std::optional<Outcome> ask(boost::json::object members, Counts counts = Counts::anew);
  /// The answer, on a handler's thread.
  virtual void answered(http::Response response) = 0;

  bool is_finished() const EXCLUDES(mutex_);
  void finish(const Outcome& outcome) REQUIRES(mutex_);

  Desk& desk_;
  const Method& method_;
  const Caller caller_;
  // The wire is used with the lock held, so that nothing comes after its end; it calls nobody back.
  Wire& wire_;
  mutable Mutex mutex_;
  bool finished_ GUARDED_BY(mutex_) = false;
};

/// A call whose client says one thing, which is asked.
class OneQuestion : public Conversation {
 public:
  using Conversation::Conversation;

  void begin() override { wire_.read(); }
  void message(const std::string& bytes) override;
  void closed() override;
  void gone() override;

 protected:
  virtual void end(const Outcome& outcome) EXCLUDES(mutex_);
};

/// The conversation for a call of this method.
std::shared_ptr<Conversation> new_conversation(Desk& desk, const Method& method, Caller caller,
                                               Wire& wire);

/// Gives claimed tasks back that their worker will never hear of, without waiting for that. What
/// cannot be given back becomes free when its lease expires. `tasks` are as claimTasks answers
/// them.
void give_back(Desk& desk, const Caller& caller, const boost::json::array& tasks);

/// What a call ends with that nobody waits for any more.
Outcome client_is_gone();
/// What a call gets that finds too many before it.
Outcome too_busy();
/// What a stream ends with when the server does.
Outcome about_to_end();

}  // namespace waybill::rpc
