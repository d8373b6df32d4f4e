#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>

#include "rpc/conversation.h"

namespace waybill::rpc {

/// One message, one answer.
class UnaryCall final : public Conversation, public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(Desk& desk, const Method& method, Caller caller, Wire& wire);
  ~UnaryCall() override;

  void begin() override;
  void message(const std::string& bytes) override;
  void closed() override;
  void gone() override;
  void over(bool reached) override;

 private:
  void answered(const http::Response& response);
  void end(const Outcome& outcome);

  std::unique_ptr<boost::json::array> claimed_ GUARDED_BY(mutex_);  // tasks, until all is over
};

}  // namespace waybill::rpc
