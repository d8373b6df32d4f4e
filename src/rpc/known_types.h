#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/result.h"

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace waybill::rpc {

/// Whether a message is one of Google's with a JSON form of its own: Timestamp, Duration, Struct.
bool is_known_type(const google::protobuf::Descriptor& type);

/// Such a message as JSON. `invalid_argument` says what it cannot be.
Result<boost::json::value> known_to_json(const google::protobuf::Message& message);

/// And back. `internal` if the JSON is none of its form.
Status known_from_json(const boost::json::value& json, google::protobuf::Message& message);

}  // namespace waybill::rpc
