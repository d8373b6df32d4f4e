#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "http/message.h"
#include "ports/clock.h"

namespace waybill {
class Service;
}

namespace waybill::http {

class TlsFiles;

struct ServerParams {
  std::string address = "127.0.0.1";  ///< numeric, IPv4 or IPv6
  std::uint16_t port = 0;             ///< 0: one that is free
  std::size_t handler_threads = 64;
  std::size_t waiting_max = 4096;  ///< requests that wait for a thread; more are refused with 503
  std::size_t body_bytes_max = 8u << 20;
  std::size_t body_bytes_in_all = 256u << 20;  ///< of all requests at a time; more get 503
  /// Of a body that was refused: so much is read and thrown away, so that a client that first sends
  /// all of it finds the answer; and for so long.
  std::size_t thrown_bytes_max = 64u << 20;
  Duration linger_max = std::chrono::seconds(30);
  std::size_t header_bytes_max = 16u << 10;  ///< of the request line with all headers
  unsigned connections_max = 4096;
  Duration idle_max = std::chrono::seconds(75);  ///< of a connection that sends nothing
  /// For a request to come whole; see Connections.
  Duration request_max = std::chrono::seconds(90);
  const TlsFiles* tls = nullptr;  ///< HTTPS with this certificate; outlives the server
};

/// An HTTP/1.1 server (RFC 9112) on libmicrohttpd: one thread reads and writes all sockets, others
/// handle the requests. Refused with 400, and the connection closed: what header_fault and
/// parse_target refuse, and what libmicrohttpd cannot read (LibraryRefusals; on a first
/// line of one word it closes without an answer); with 413, 414 and 431
/// bodies, targets and headers that are too large. What is refused while its body comes is answered
/// at once, and read on for a while.
class Server {
 public:
  /// Listens when it returns. `application` and `clock` outlive it. `unavailable`: the address is
  /// taken; `invalid_argument`: it is none; `permission_denied`.
  static Result<std::unique_ptr<Server>> create(const ServerParams& params,
                                                Application& application, Clock& clock);
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  /// Ends at once, but for handlers that run.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  /// Hands those on whose handler wanted to be asked again when this topic rings. Thread-safe.
  void ring(const std::string& topic);
  /// WaitingRoom::pass_over.
  bool pass_over();
  /// Ends connections that are too slow, once somebody runs it.
  Service& connections();
  ServerCounts counts() const;
  /// Takes no new connection, ends the streams, hands on all who wait for a topic, and blocks until
  /// every request that has come is answered, or the deadline.
  void drain(const Deadline& deadline);

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace waybill::http
