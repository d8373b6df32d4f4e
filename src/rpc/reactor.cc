#include "rpc/reactor.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace waybill::rpc {
namespace {

/// The metadata that the HTTP API understands; the rest stays here.
bool goes_on(std::string_view name) {
  return name == "authorization" || name == "idempotency-key" || name == "traceparent" ||
         name == "origin";
}

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::StatusCode code_of(Code code) {
  switch (code) {
    case Code::cancelled:
      return grpc::StatusCode::CANCELLED;
    case Code::unknown:
      return grpc::StatusCode::UNKNOWN;
    case Code::invalid_argument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case Code::deadline_exceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case Code::not_found:
      return grpc::StatusCode::NOT_FOUND;
    case Code::already_exists:
      return grpc::StatusCode::ALREADY_EXISTS;
    case Code::permission_denied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case Code::resource_exhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Code::failed_precondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case Code::aborted:
      return grpc::StatusCode::ABORTED;
    case Code::out_of_range:
      return grpc::StatusCode::OUT_OF_RANGE;
    case Code::unimplemented:
      return grpc::StatusCode::UNIMPLEMENTED;
    case Code::internal:
      return grpc::StatusCode::INTERNAL;
    case Code::unavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case Code::data_loss:
      return grpc::StatusCode::DATA_LOSS;
    case Code::unauthenticated:
      return grpc::StatusCode::UNAUTHENTICATED;
  }
  return grpc::StatusCode::UNKNOWN;
}

/// "127.0.0.1" of "ipv4:127.0.0.1:4711", "::1" of "ipv6:%5B::1%5D:4711".
std::string address_of(std::string peer) {
  peer.erase(0, peer.find(':') + 1);
  peer.erase(std::min(peer.rfind(':'), peer.size()));
  if (peer.starts_with("%5B") && peer.ends_with("%5D")) peer = peer.substr(3, peer.size() - 6);
  if (peer.starts_with('[') && peer.ends_with(']')) peer = peer.substr(1, peer.size() - 2);
  return peer;
}

bool is_tls(const grpc::CallbackServerContext& context) {
  const auto types =
      context.auth_context()->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return !types.empty() && types.front() == GRPC_SSL_TRANSPORT_SECURITY_TYPE;
}

std::string text_of(grpc::string_ref text) { return std::string(text.data(), text.size()); }

}  // namespace

Caller caller_of(const grpc::CallbackServerContext& context) {
  Caller caller{.headers = {{"host", text_of(context.ExperimentalGetAuthority())}},
                .peer = address_of(context.peer()),
                .over_tls = is_tls(context)};
  for (const auto& [name, value] : context.client_metadata()) {
    if (!goes_on(text_of(name))) continue;
    caller.headers.emplace_back(text_of(name), text_of(value));
  }
  return caller;
}

Reactor::Reactor(grpc::CallbackServerContext& context, Closed closed)
    : context_(context), closed_(std::move(closed)) {}

void Reactor::set_conversation(std::shared_ptr<Conversation> conversation) {
  conversation_ = std::move(conversation);
}

void Reactor::write(std::string message) {
  output_ = buffer_of(message);
  StartWrite(&output_);
}

void Reactor::finish(const Outcome& outcome) { Finish(status_of(outcome)); }

void Reactor::finish_with(std::string message, const Outcome& outcome) {
  output_ = buffer_of(message);
  StartWriteAndFinish(&output_, grpc::WriteOptions(), status_of(outcome));
}

grpc::Status Reactor::status_of(const Outcome& outcome) {
  for (const auto& [name, value] : outcome.trailing) context_.AddTrailingMetadata(name, value);
  if (outcome.ok) return grpc::Status::OK;
  return {code_of(outcome.code), outcome.message};
}

void Reactor::OnReadDone(bool ok) {
  // Kept here: the end may come meanwhile.
  const auto conversation = conversation_;
  if (!ok) return conversation->closed();
  const std::string bytes = bytes_of(input_);
  input_.Clear();
  conversation->message(bytes);
}

void Reactor::OnWriteDone(bool ok) {
  const auto conversation = conversation_;
  if (ok) return conversation->written();
  conversation->gone();
}

void Reactor::OnCancel() {
  const auto conversation = conversation_;
  conversation->gone();
}

void Reactor::OnDone() {
  conversation_->over(!context_.IsCancelled());
  const Closed closed = closed_;
  closed(this);  // which deletes it
}

}  // namespace waybill::rpc
