#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>

#include "rpc/conversation.h"

namespace waybill::rpc {

/// One message, one answer.
class UnaryCall final : public OneQuestion {
 public:
  UnaryCall(Desk& desk, const Method& method, Caller caller, Wire& wire);
  ~UnaryCall() override;

  void over(bool reached) override;

 private:
  void answered(http::Response response) override;

  std::unique_ptr<boost::json::array> claimed_ GUARDED_BY(mutex_);  // tasks, until all is over
};

}  // namespace waybill::rpc
