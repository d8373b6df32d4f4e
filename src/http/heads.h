#pragma once

#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/exchange.h"

namespace waybill::http {

/// The requests whose headers are still to come. What libmicrohttpd 0.9.75 refuses between a
/// request's headers and the first call of the handler, it answers with two heads and one page:
/// after a Content-Length that is no number. It logs that just before; then it is answered here,
/// once and with a problem, and the library finds the connection shut. Of the thread that reads
/// from the sockets.
class Heads {
 public:
  void add(Exchange& exchange) { coming_.push_back(&exchange); }
  /// Fine if it is not there.
  void remove(const Exchange& exchange);

  /// What the library logs with this format tells that it is about to refuse one of them for its
  /// Content-Length; the status, or 0.
  static int refusal_in_log(std::string_view format);
  /// The one that is meant; null: it is not there.
  Exchange* with_bad_length() const;

 private:
  std::vector<Exchange*> coming_;
};

/// Sends the response of the exchange past the library, and shuts the connection's sending side.
void send_at_once(Exchange& exchange, Time now);

}  // namespace waybill::http
