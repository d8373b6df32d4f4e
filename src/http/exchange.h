#pragma once

#include <microhttpd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"

namespace waybill::http {

class Connection;

/// One request on its way through the server. Belongs to the thread that runs it: the sockets'
/// until it is handed to a handler, and again when the connection was resumed.
struct Exchange {
  std::string target;  ///< as sent
  MHD_Connection* connection = nullptr;
  Connection* client = nullptr;  ///< the same, as we know it
  Request request;
  bool begun = false;          ///< its headers were seen
  bool too_large = false;      ///< its body; the rest of it is thrown away
  bool no_room = false;        ///< for its body among all the others; likewise
  std::size_t body_bytes = 0;  ///< that came
  std::size_t bytes_thrown = 0;
  std::optional<Response> response;    ///< there once it was handled
  std::shared_ptr<BodyStream> stream;  ///< being sent
};

struct RequestLimits {
  std::size_t target_bytes_max = 0;
  std::size_t header_bytes_max = 0;  ///< with the request line
};

/// Fills in method, target, headers and peer. Answers why the request is refused, with the status
/// in `status`; empty if it is fine.
std::string begin_request(Exchange& exchange, const char* method, const RequestLimits& limits,
                          int& status);

/// Compresses a body that is worth it, if the client takes that.
void compress(const Request& request, Response& response);

/// The response in the library's form. Null for lack of memory.
MHD_Response* make_response(Exchange& exchange);

}  // namespace waybill::http
