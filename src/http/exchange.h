#pragma once

#include <microhttpd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/header_rules.h"
#include "http/message.h"

namespace waybill::http {

class Connection;

/// One request on its way through the server. Belongs to the thread that runs it: the sockets'
/// until it is handed to a handler, and again when the connection was resumed.
struct Exchange {
  std::string target;               ///< as sent
  const char* target_at = nullptr;  ///< the same, in the library's memory
  MHD_Connection* connection = nullptr;
  Connection* client = nullptr;  ///< the same, as we know it
  HostRule host_rule = HostRule::needed;
  Request request;
  bool line_is_whole = true;
  bool begun = false;          ///< its headers were seen
  std::size_t body_bytes = 0;  ///< that came
  bool is_refused = false;  ///< the answer went past the library; what still comes is thrown away
  std::size_t bytes_thrown = 0;
  std::optional<Response> response;    ///< there once it was handled
  std::shared_ptr<BodyStream> stream;  ///< being sent
};

struct RequestLimits {
  std::size_t target_bytes_max = 0;
  std::size_t header_bytes_max = 0;  ///< with the request line
  std::size_t body_bytes_max = 0;    ///< where the headers say how many
};

/// Why a body of more bytes is refused.
std::string too_large(std::size_t bytes_max);

/// Notes the target of a request whose headers are still to come, and that nothing else is to be
/// made of it; `target` is the library's, and is written to.
void begin_head(Exchange& exchange, const char* target, MHD_Connection* connection);

/// Notes of the request line, besides the target: whether it lets the request have no Host, and
/// whether all of it was told, for the library's texts end at their first NUL.
void note_line(Exchange& exchange, const char* method, const char* version);

/// Whether the client sends a body now. One that expects to be told to (RFC 9110, 10.1.1) does not,
/// before it is.
bool is_body_coming(const Exchange& exchange);
/// Whatever else comes of the body of a request that was refused is of no use. Answers how much of
/// it was there.
std::size_t throw_body_away(Exchange& exchange);
/// Whether nothing else may come on its connection. The library takes chunks whose lines end with a
/// bare LF: whoever stands before this server may see one request where it reads two.
bool ends_connection(const Exchange& exchange);
/// The body of what was refused has come to its end: the connection has too.
MHD_Result end_refused(Exchange& exchange);

/// Fills in method, target, headers and peer. Answers why the request is refused, with the status
/// in `status`; empty if it is fine.
std::string begin_request(Exchange& exchange, const char* method, const RequestLimits& limits,
                          int& status);

/// Why the library refused what it could not read, in a sentence; null: it has not come to the
/// target yet. The status is the library's.
std::string why_unreadable(MHD_Connection& connection, const Exchange* exchange, int status);
/// The status to refuse that with: not for each one of the library's there is a type of problem.
int refusal_status(int status);

/// Compresses a body that is worth it, if the client takes that.
void compress(const Request& request, Response& response);

/// The response in the library's form. Null for lack of memory.
MHD_Response* make_response(Exchange& exchange);

}  // namespace waybill::http
