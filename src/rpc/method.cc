#include "rpc/method.h"

#include <google/protobuf/message.h>
#include <waybill/v1/waybill.pb.h>

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"

namespace waybill::rpc {
namespace {

namespace bj = boost::json;
namespace pb = google::protobuf;

/// The rpcs whose names are not those of their operations.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOtherNames = {{
    {"CreateTask", "createTasks"},
    {"StreamClaims", "claimTasks"},
}};

Method::Shape shape_of(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) return Method::Shape::claims;
  return method.server_streaming() ? Method::Shape::events : Method::Shape::unary;
}

std::unique_ptr<pb::Message> new_message(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

std::string text_of(const bj::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

/// Takes the member for a part of the path out of the object.
Result<std::string> take_text(bj::object& members, std::string_view name) {
  const auto* value = members.if_contains(name);
  std::string text = value == nullptr ? "" : text_of(*value);
  members.erase(name);
  if (!text.empty()) return text;
  return fail(Code::invalid_argument, "/" + std::string(name) + ": has to be given");
}

Status set_path(const http::Operation& operation, bj::object& members, http::Request& request) {
  std::string_view rest = std::string_view(operation.path).substr(1);
  for (;;) {
    const std::string_view piece = rest.substr(0, rest.find('/'));
    std::string segment(piece);
    if (piece.starts_with('{')) {
      auto text = take_text(members, piece.substr(1, piece.size() - 2));
      if (!text) return fail(text.error());
      segment = std::move(*text);
    }
    request.path += "/" + segment;
    request.segments.push_back(std::move(segment));
    if (piece.size() == rest.size()) return {};
    rest.remove_prefix(piece.size() + 1);
  }
}

void set_query(const bj::object& members, http::Request& request) {
  for (const auto& member : members) {
    const std::string name(member.key());
    if (!member.value().is_array()) {
      request.query.emplace_back(name, text_of(member.value()));
      continue;
    }
    for (const auto& element : member.value().get_array()) {
      request.query.emplace_back(name, text_of(element));
    }
  }
}

}  // namespace

const pb::FileDescriptor& proto_file() { return *waybill::v1::Task::descriptor()->file(); }

std::string operation_of(std::string_view rpc) {
  for (const auto& [name, operation] : kOtherNames) {
    if (rpc == name) return std::string(operation);
  }
  std::string operation(rpc);
  if (!operation.empty()) operation.front() = to_lower(operation.front());
  return operation;
}

std::string Method::path() const {
  return "/" + descriptor->service()->full_name() + "/" + descriptor->name();
}

std::unique_ptr<pb::Message> Method::new_input() const {
  return new_message(*descriptor->input_type());
}

std::unique_ptr<pb::Message> Method::new_output() const {
  return new_message(*descriptor->output_type());
}

Result<std::vector<Method>> all_methods(const http::ApiDocument& document) {
  std::vector<Method> methods;
  const pb::FileDescriptor& file = proto_file();
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const pb::MethodDescriptor& rpc = *file.service(i)->method(j);
      const auto* operation = document.find(operation_of(rpc.name()));
      if (operation == nullptr) {
        return fail(Code::internal, "the OpenAPI document has no operation for " + rpc.full_name());
      }
      methods.push_back({.descriptor = &rpc, .operation = *operation, .shape = shape_of(rpc)});
    }
  }
  return methods;
}

Result<http::Request> request_for(const http::Operation& operation, const Caller& caller,
                                  bj::object members) {
  http::Request request{.method = operation.method,
                        .headers = caller.headers,
                        .body = {},
                        .peer = caller.peer,
                        .over_tls = caller.over_tls};
  if (Status set = set_path(operation, members, request); !set) return fail(set.error());
  if (!operation.has_body) {
    set_query(members, request);
    return request;
  }
  request.headers.emplace_back("content-type", "application/json");
  request.body = json::serialize(members);
  return request;
}

}  // namespace waybill::rpc
