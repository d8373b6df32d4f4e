#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "base/time.h"
#include "ports/clock.h"
#include "services/service.h"

namespace waybill::http {

struct Exchange;

/// One connection of a client. Thread-safe, but for its exchange, which is of the sockets' thread.
class Connection {
 public:
  Connection(int socket, SteadyTime now) : socket_(socket), since_(now) {}

  int socket() const { return socket_; }
  /// The request that is on its way, from the target on; null: none.
  const Exchange* exchange() const { return exchange_; }
  void begin(const Exchange& exchange) { exchange_ = &exchange; }
  void end() { exchange_ = nullptr; }
  /// The server waits for the client's next request from now on, and for all of it.
  void begin_to_wait(SteadyTime now) {
    body_bytes_ = 0;
    since_ = now;
  }
  /// That much more of a body has come.
  void note_body(std::size_t bytes) { body_bytes_ += bytes; }
  /// The request is there; now it is the client that waits.
  void end_wait() { since_ = kNobody; }

  /// What it sends is refused and thrown away: no longer than until then.
  void end_at(SteadyTime last) { last_ = last; }
  bool is_refused() const { return last_.load() != kNobody; }

  /// Whether a client that is not dead, nor on a line slower than any, would have sent it by now.
  bool is_too_slow(SteadyTime now, Duration patience) const;

 private:
  static constexpr SteadyTime kNobody = kSteadyTimeMax;
  const int socket_;
  const Exchange* exchange_ = nullptr;
  std::atomic<SteadyTime> since_;
  std::atomic<SteadyTime> last_ = kNobody;
  std::atomic<std::size_t> body_bytes_ = 0;
};

/// The connections of a server. As a service it ends those whose clients begin a request and never
/// come to its end, however busily they send a byte at a time ("slow loris"). Thread-safe.
class Connections final : public Service {
 public:
  /// `patience`: for a request to come whole, counted from the connection's beginning or the last
  /// answer; a body may take longer, by its size.
  Connections(Clock& clock, Duration patience) : clock_(clock), patience_(patience) {}

  /// Stays until closed().
  Connection& opened(int socket);
  void closed(Connection& connection);
  /// Those that are only read on so that their clients see why nothing came of it.
  void end_those_refused();

  std::string_view name() const override { return "connections"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  Clock& clock_;
  const Duration patience_;
  Mutex mutex_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> open_ GUARDED_BY(mutex_);
};

}  // namespace waybill::http
