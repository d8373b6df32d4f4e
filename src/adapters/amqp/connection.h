#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/time.h"

struct amqp_connection_state_t_;

namespace waybill::amqp {

struct ConnectionParams {
  /// amqp://user:password@host:port/vhost, or amqps://…; several hosts, with commas between, are
  /// tried in their order.
  std::string url;
  std::string ca_file;  ///< whom amqps trusts; empty: whom Debian trusts
  Duration handshake_time_max = std::chrono::seconds(10);
  Duration call_time_max = std::chrono::seconds(30);  ///< until the broker answers a request
  /// Whole seconds: each side says at least this often that it is there, or oftener where the
  /// broker asks for that. One that has been silent for twice as long is given up.
  Duration heartbeat = std::chrono::seconds(20);
  /// Ends the waiting for a connection, and cuts one that is there, whatever waits for the broker.
  std::stop_token stop{};
};

/// Where a URL leads, without who goes there: host:port/vhost of each host. `invalid_argument` for
/// what is no AMQP URL.
Result<std::string> place_of(const std::string& url);

/// The code of an AMQP reply code (403, 404, 406 …).
Code code_of_reply(int reply_code);

/// A connection to a broker with one open channel, closed at the end of its life. The library sends
/// heartbeats, and hears that there are none, in its own calls only: while nobody calls it, as when
/// a worker is busy, `beat` has to be called at least every `heartbeat`. Not thread-safe.
class Connection {
 public:
  /// `unavailable` where there is no broker, `unauthenticated` where it refuses the user,
  /// `not_found` for a vhost that is not there or not the user's, `cancelled` after a stop.
  /// Of several hosts each has 3 seconds; the next one is tried where one is not available.
  static Result<std::unique_ptr<Connection>> open(const ConnectionParams& params);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  static constexpr std::uint16_t kChannel = 1;
  amqp_connection_state_t_* state() const { return state_; }
  int socket() const;
  /// Tells the broker that this side is there. `unavailable` when the connection is lost.
  Status beat();
  /// Asks the broker something without consequence. Blocks until it answers, `call_time_max` at
  /// most; errors as of any call.
  Status ask();
  /// What the two sides agreed on.
  Duration heartbeat() const;
  /// What the broker said to the latest request.
  Status reply(const std::string& action) const;
  const std::string& place() const { return place_; }
  /// Of the broker, as it says: "3.10.8". Empty: it does not.
  std::string server_version() const;

 private:
  explicit Connection(std::string place);
  static Result<std::unique_ptr<Connection>> open_at(const std::string& url,
                                                     const ConnectionParams& params);

  amqp_connection_state_t_* const state_;
  const std::string place_;
  /// Of our own: the library closes its number when the connection fails, and anybody may get it.
  FileDescriptor socket_;
  std::optional<std::stop_callback<std::function<void()>>> cut_;  // goes before its socket
};

}  // namespace waybill::amqp
