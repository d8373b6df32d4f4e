#include "adapters/amqp/reply.h"

#include <amqp.h>
#include <amqp_framing.h>

#include "adapters/amqp/connection.h"

namespace waybill::amqp {

Code code_of_reply(int reply_code) {
  switch (reply_code) {
    case AMQP_ACCESS_REFUSED:
      return Code::permission_denied;
    case AMQP_NOT_FOUND:
    case AMQP_NOT_ALLOWED:  // a vhost that is not there, or not this user's
      return Code::not_found;
    case AMQP_RESOURCE_LOCKED:
    case AMQP_PRECONDITION_FAILED:
      return Code::failed_precondition;
    case AMQP_RESOURCE_ERROR:
      return Code::resource_exhausted;
    default:
      return Code::unavailable;
  }
}

Error library_error(int number, const std::string& action) {
  const std::string said = action + ": " + amqp_error_string2(number);
  switch (number) {
    case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
      return {.code = Code::failed_precondition,
              .message = said +
                         "; its certificate is of nobody whom we trust, or has ended: name its "
                         "authority's file with SSL_CERT_FILE"};
    case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
      return {.code = Code::failed_precondition,
              .message = said + "; name the host in the URL as its certificate does"};
    default:
      return {.code = Code::unavailable, .message = said};
  }
}

Error error_of_close(const amqp_method_t_& method, const std::string& action) {
  int code = 0;
  std::string_view said = "the broker closed the connection";
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
    code = close->reply_code;
    said = text_of(close->reply_text);
  } else if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
    code = close->reply_code;
    said = text_of(close->reply_text);
  }
  return {.code = code_of_reply(code), .message = action + ": " + std::string(said)};
}

Status status_of(const amqp_rpc_reply_t_& reply, const std::string& action) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return {};
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      return fail(error_of_close(reply.reply, action));
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      return fail(library_error(reply.library_error, action));
    default:
      return fail(Code::unavailable, action + ": the broker closed the connection");
  }
}

std::string_view text_of(const amqp_bytes_t_& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

amqp_bytes_t_ bytes_of(std::string_view text) {
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

}  // namespace waybill::amqp
