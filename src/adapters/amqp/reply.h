#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

struct amqp_rpc_reply_t_;
struct amqp_method_t_;
struct amqp_bytes_t_;

namespace waybill::amqp {

/// What an error number of the library means: mostly that the broker is not there.
Error library_error(int number, const std::string& action);
/// What the broker answered.
Status status_of(const amqp_rpc_reply_t_& reply, const std::string& action);
/// Why the broker closed the channel or the connection.
Error error_of_close(const amqp_method_t_& method, const std::string& action);

std::string_view text_of(const amqp_bytes_t_& bytes);
/// Valid as long as `text`.
amqp_bytes_t_ bytes_of(std::string_view text);

}  // namespace waybill::amqp
