#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/result.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace waybill::rpc {

/// A request's message as the JSON that the HTTP API would get: fields under their own names; what
/// is not set is left out; an enum's values in lower case without its name; Timestamp as RFC 3339,
/// Duration as Waybill writes it, Struct as the object that it is. What is finer than a microsecond
/// is cut off. `invalid_argument` names the field that has no such form.
Result<boost::json::object> to_json(const google::protobuf::Message& message);

/// Fills in a message from the JSON that the HTTP API answered. What is null, or unknown to the
/// message, is left out. `internal` names the member that the message cannot hold.
Status from_json(const boost::json::object& object, google::protobuf::Message& message);

/// Reads a message as it came over the network, nested as deep as JSON may be. `invalid_argument`
/// if it is none.
Status read_message(std::string_view bytes, google::protobuf::Message& message);

}  // namespace waybill::rpc
