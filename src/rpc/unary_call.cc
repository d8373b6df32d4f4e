#include "rpc/unary_call.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"

namespace waybill::rpc {

namespace bj = boost::json;

UnaryCall::UnaryCall(Desk& desk, const Method& method, Caller caller, Wire& wire)
    : OneQuestion(desk, method, std::move(caller), wire) {}
UnaryCall::~UnaryCall() = default;

void UnaryCall::answered(http::Response response) {
  const Outcome outcome = outcome_of(response);
  if (!outcome.ok) return end(outcome);
  auto body = response.body.empty() ? Result<bj::value>(bj::value(bj::object()))
                                    : json::parse(response.body);
  if (!body || !body->is_object()) {
    return end(outcome_of(Error{.code = Code::internal, .message = "the answer is no object"}));
  }
  const bj::object& object = body->get_object();
  auto output = output_of(object);
  const Lock lock(mutex_);
  const bool is_claim = method_.operation.id == "claimTasks";
  if (!output || finished_) {
    if (is_claim) give_back(desk_, caller_, object.at("tasks").get_array());
    if (!output) finish(outcome_of(output.error()));
    return;
  }
  if (is_claim) claimed_ = std::make_unique<bj::array>(object.at("tasks").get_array());
  finished_ = true;
  wire_.finish_with(std::move(*output), outcome);
}

void UnaryCall::over(bool reached) {
  const Lock lock(mutex_);
  if (claimed_ && !reached) give_back(desk_, caller_, *claimed_);
  claimed_ = nullptr;
}

}  // namespace waybill::rpc
