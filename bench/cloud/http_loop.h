#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill::bench {

/// A request as it came. Views hold until the handler returns.
struct CloudRequest {
  std::string_view method;
  std::string_view path;   ///< still percent-encoded
  std::string_view query;  ///< without the question mark
  std::string_view head;   ///< all header lines
  std::string_view body;

  /// The value of a header by its lower-case name; empty: there is none.
  std::string_view header(std::string_view name) const;
  /// The decoded value of a query parameter; empty: there is none.
  std::string parameter(std::string_view name) const;
};

struct CloudResponse {
  int status = 200;
  std::string body{};
  std::string_view type = "application/json";
  bool at_once = false;  ///< not held back by the delay
};

/// A lean HTTP/1.1 server on loopback for benchmarks: one thread, epoll, kept connections. It takes
/// as little time as it can, for it shares the machine with what is measured.
class HttpLoop {
 public:
  using Handler = std::function<CloudResponse(const CloudRequest&)>;

  explicit HttpLoop(Handler handler) : handler_(std::move(handler)) {}

  /// Listens on a free port of 127.0.0.1, and says which. `unavailable`: it cannot.
  Result<std::uint16_t> listen();
  /// Serves until the process ends, or the listening socket breaks.
  Status run();

  /// Answers are held back by this from now on.
  void delay(std::chrono::milliseconds delay) { delay_ = delay; }
  std::uint64_t connections() const { return connections_; }

 private:
  class Serving;

  const Handler handler_;
  int listener_ = -1;
  std::chrono::milliseconds delay_{0};
  std::uint64_t connections_ = 0;
};

}  // namespace waybill::bench
