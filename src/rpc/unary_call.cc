#include "rpc/unary_call.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"

namespace waybill::rpc {

namespace bj = boost::json;

UnaryCall::UnaryCall(Desk& desk, const Method& method, Caller caller, Wire& wire)
    : Conversation(desk, method, std::move(caller), wire) {}
UnaryCall::~UnaryCall() = default;

void UnaryCall::begin() { wire_.read(); }

void UnaryCall::message(const std::string& bytes) {
  auto members = read_input(bytes);
  if (!members) return end(outcome_of(members.error()));
  auto request = request_for(method_.operation, caller_, std::move(*members));
  if (!request) return end(outcome_of(request.error()));
  auto question = std::make_shared<Question>();
  question->request = std::move(*request);
  question->wanted = [self = shared_from_this()] { return !self->is_finished(); };
  question->answered = [self = shared_from_this()](const http::Response& response) {
    self->answered(response);
  };
  if (!desk_.ask(std::move(question))) end(too_busy());
}

void UnaryCall::closed() {
  end(outcome_of(Error{.code = Code::invalid_argument, .message = "no message was sent"}));
}

void UnaryCall::gone() {
  end(outcome_of(Error{.code = Code::cancelled, .message = "the client is gone"}));
}

void UnaryCall::answered(const http::Response& response) {
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

void UnaryCall::end(const Outcome& outcome) {
  const Lock lock(mutex_);
  finish(outcome);
}

void UnaryCall::over(bool reached) {
  const Lock lock(mutex_);
  if (claimed_ && !reached) give_back(desk_, caller_, *claimed_);
  claimed_ = nullptr;
}

}  // namespace waybill::rpc
