#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/file_descriptor.h"
#include "base/time.h"
#include "http/body_stream.h"

namespace waybill::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A request whose body has come whole.
struct Request {
  std::string method;                 ///< as sent: "GET"
  std::string path;                   ///< decoded, for logs
  std::vector<std::string> segments;  ///< of the path, decoded each by itself
  Pairs query;                        ///< decoded, in the order sent
  Pairs headers;                      ///< names in lower case, in the order sent
  std::string body;
  std::string peer;       ///< the address that it came from: "127.0.0.1"
  SteadyTime came_at{};   ///< when its body was there
  bool over_tls = false;  ///< nobody on the way reads along
  bool draining = false;  ///< the server is about to end: answer soon
  /// It goes on with what a rate limit has counted: a long poll, a stream of claims.
  bool counted = false;

  /// The value of the first header of this name, in lower case; empty if there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
};

/// A piece of an open file, sent as it is.
struct FilePiece {
  FileDescriptor file;
  std::int64_t offset = 0;
  std::int64_t size_bytes = 0;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";  ///< empty: none, as for a body that is empty
  Pairs headers;
  std::shared_ptr<BodyStream> stream;          ///< instead of `body`; shared with who writes it
  std::shared_ptr<const FilePiece> file = {};  ///< instead of `body`; copies of a response share it
  /// What is kept for whoever asks again under the same Idempotency-Key, where `body` shows a
  /// secret; empty: `body`.
  std::string body_to_keep = {};
};

/// There is no answer yet: the handler wants the same request again when one of its topics rings
/// (Server::ring), or when the time has come, whichever is first.
struct Later {
  SteadyTime until{};
  std::vector<std::string> topics;  ///< empty: every one
};

using Reply = std::variant<Response, Later>;

/// What a server has seen, since it was made.
struct ServerCounts {
  std::size_t connections = 0;  ///< open now
  std::size_t streams = 0;      ///< open now
  std::size_t running = 0;      ///< handlers, now
  std::size_t waiting = 0;      ///< requests that wait for a handler's thread, now
  std::size_t parked = 0;       ///< requests whose handler asked for Later, now
  std::uint64_t refused = 0;    ///< in all, before any handler saw them
  Time certificate_until{};     ///< when the certificate of HTTPS ends; zero: there is none
};

/// What a server serves. Thread-safe.
class Application {
 public:
  virtual ~Application() = default;
  /// On one of the handler threads; may block. Later is refused once `request.draining`.
  virtual Reply handle(const Request& request) = 0;
  /// On the thread that reads from the sockets: answers from memory what must be answered also
  /// while all handlers are busy. False, and nothing done, for all else.
  /// `counts` tells of the server that asks.
  virtual bool answer_at_once(const Request& request, const std::function<ServerCounts()>& counts,
                              Response& response) = 0;
  /// The answer to what never becomes a request: too large, malformed, no handler free. Of the
  /// request there is what was read until then.
  virtual Response refusal(const Request& request, int status, std::string_view why) = 0;
};

}  // namespace waybill::http
