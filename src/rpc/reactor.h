#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <string>

#include "rpc/conversation.h"

namespace waybill::rpc {

/// A call as gRPC's callback API sees it: a stream of bytes in both directions, which each kind of
/// call is on the wire.
class Reactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                      public Wire {
 public:
  using Closed = std::function<void(Reactor*)>;
  /// `closed` is told when all is over, and may delete it.
  Reactor(grpc::CallbackServerContext& context, Closed closed);

  /// Once, before begin().
  void set_conversation(std::shared_ptr<Conversation> conversation);
  std::shared_ptr<Conversation> conversation() const { return conversation_; }
  void begin() { conversation_->begin(); }

  void open() override { StartSendInitialMetadata(); }
  void read() override { StartRead(&input_); }
  void write(std::string message) override;
  void finish(const Outcome& outcome) override;
  void finish_with(std::string message, const Outcome& outcome) override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  grpc::Status status_of(const Outcome& outcome);

  grpc::CallbackServerContext& context_;
  const Closed closed_;
  std::shared_ptr<Conversation> conversation_;  // shared with the questions that it asks
  grpc::ByteBuffer input_;
  grpc::ByteBuffer output_;
};

/// Who calls, from the call's metadata.
Caller caller_of(const grpc::CallbackServerContext& context);

}  // namespace waybill::rpc
