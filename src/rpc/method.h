#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/api_document.h"
#include "http/message.h"

namespace google::protobuf {
class FileDescriptor;
class Message;
class MethodDescriptor;
}  // namespace google::protobuf

namespace waybill::rpc {

/// schemas/waybill/v1/waybill.proto.
const google::protobuf::FileDescriptor& proto_file();

/// The operation of the OpenAPI document that an rpc is: its own name, but for a few.
std::string operation_of(std::string_view rpc);

/// An rpc, with the operation of the HTTP API that it is.
struct Method {
  enum class Shape { unary, events, claims };

  const google::protobuf::MethodDescriptor* descriptor;
  http::Operation operation;
  Shape shape = Shape::unary;

  std::string path() const;  ///< "/waybill.v1.Tasks/GetTask"
  std::unique_ptr<google::protobuf::Message> new_input() const;
  std::unique_ptr<google::protobuf::Message> new_output() const;
};

/// Every rpc of the file. `internal`, a bug: one is no operation of the document.
Result<std::vector<Method>> all_methods(const http::ApiDocument& document);

/// Who calls, as the HTTP API wants to know it.
struct Caller {
  http::Pairs headers;  ///< those that go on to the API, Host among them
  std::string peer;
  bool over_tls = false;
};

/// What the HTTP API would get: `members` become what stands in braces in the path, and of the rest
/// the body where the operation has one, or else the query. `invalid_argument` if a part of the
/// path is missing.
Result<http::Request> request_for(const http::Operation& operation, const Caller& caller,
                                  boost::json::object members);

}  // namespace waybill::rpc
