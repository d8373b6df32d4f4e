#pragma once

#include <microhttpd.h>

#include <cstdarg>
#include <string>

#include "base/time.h"
#include "http/message.h"

namespace waybill::http {

/// Takes over what libmicrohttpd refuses by itself: request lines, headers, lengths and chunks that
/// it cannot read. Its own answers are pages of HTML, that to a bad Content-Length with two heads.
/// It has no option for that, but it answers through its public MHD_queue_response, and in a
/// program a function of that name goes before the library's (ADR 0035).
class LibraryRefusals {
 public:
  virtual ~LibraryRefusals() = default;
  /// On the thread of the sockets. Whatever it does, the library then closes the connection and
  /// sends nothing.
  virtual void refused(MHD_Connection& connection, int status) = 0;
};

/// What the library refuses on this thread is given to `refusals` from now on.
void take_over_on_this_thread(LibraryRefusals& refusals);

/// The library's MHD_queue_response: for answers of ours.
MHD_Result queue_response(MHD_Connection* connection, unsigned status, MHD_Response* response);

/// Sends a whole response past the library, over TLS if the connection has that, and shuts the
/// sending side. What does not go at once is left out.
void send_past_library(MHD_Connection& connection, const Response& response, Time now);
/// Reads away a bounded piece of what the client has sent already, before the library closes: with
/// it unread the client might not get the answer.
void read_away(int socket);

/// The library's log, in ours: MHD_OPTION_EXTERNAL_LOGGER.
void log_library(void* ignored, const char* format, va_list arguments);

}  // namespace waybill::http
