#include "rpc/conversation.h"

#include <google/protobuf/message.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "rpc/claim_call.h"
#include "rpc/event_call.h"
#include "rpc/json_message.h"
#include "rpc/unary_call.h"

namespace waybill::rpc {
namespace {

namespace bj = boost::json;

/// At most so many fit in one request.
constexpr std::size_t kFinishesMax = 1000;

/// Sends on what has been gathered.
void finish_all(Desk& desk, const Caller& caller, bj::array finishes) {
  auto question = std::make_shared<Question>();
  question->request = {.method = "POST",
                       .path = "/v1/finishes",
                       .segments = {"v1", "finishes"},
                       .query = {},
                       .headers = caller.headers,
                       .body = json::serialize(bj::object{{"tasks", std::move(finishes)}}),
                       .peer = caller.peer,
                       .counted = true};
  // The caller's key belongs to the caller's request.
  std::erase_if(question->request.headers,
                [](const auto& header) { return header.first == "idempotency-key"; });
  question->request.headers.emplace_back("content-type", "application/json");
  question->wanted = [] { return true; };
  question->answered = [](const http::Response&) {};
  desk.ask_surely(std::move(question));
}

}  // namespace

Result<bj::object> Conversation::read_input(const std::string& bytes) const {
  const auto input = method_.new_input();
  if (Status read = read_message(bytes, *input); !read) return fail(read.error());
  return to_json(*input);
}

Result<std::string> Conversation::output_of(const bj::object& json) const {
  const auto output = method_.new_output();
  if (Status set = from_json(json, *output); !set) return fail(set.error());
  return output->SerializeAsString();
}

std::optional<Outcome> Conversation::ask(bj::object members, Counts counts) {
  auto request = request_for(method_.operation, caller_, std::move(members));
  if (!request) return outcome_of(request.error());
  auto question = std::make_shared<Question>();
  question->request = std::move(*request);
  question->request.counted = counts == Counts::not_again;
  question->wanted = [self = shared_from_this()] { return !self->is_finished(); };
  question->answered = [self = shared_from_this()](http::Response response) {
    self->answered(std::move(response));
  };
  if (!desk_.ask(std::move(question))) return too_busy();
  return std::nullopt;
}

bool Conversation::is_finished() const {
  const Lock lock(mutex_);
  return finished_;
}

void Conversation::finish(const Outcome& outcome) {
  if (finished_) return;
  finished_ = true;
  wire_.finish(outcome);
}

void OneQuestion::message(const std::string& bytes) {
  auto members = read_input(bytes);
  if (!members) return end(outcome_of(members.error()));
  if (const auto refused = ask(std::move(*members))) end(*refused);
}

void OneQuestion::closed() {
  end(outcome_of(Error{.code = Code::invalid_argument, .message = "no message was sent"}));
}

void OneQuestion::gone() { end(client_is_gone()); }

void OneQuestion::end(const Outcome& outcome) {
  const Lock lock(mutex_);
  finish(outcome);
}

std::shared_ptr<Conversation> new_conversation(Desk& desk, const Method& method, Caller caller,
                                               Wire& wire) {
  switch (method.shape) {
    case Method::Shape::events:
      return std::make_shared<EventCall>(desk, method, std::move(caller), wire);
    case Method::Shape::claims:
      return std::make_shared<ClaimCall>(desk, method, std::move(caller), wire);
    case Method::Shape::unary:
      break;
  }
  return std::make_shared<UnaryCall>(desk, method, std::move(caller), wire);
}

void give_back(Desk& desk, const Caller& caller, const bj::array& tasks) {
  bj::array finishes;
  for (const bj::value& task : tasks) {
    finishes.push_back(bj::object{{"id", task.at("id")},
                                  {"fence", task.at("fence")},
                                  {"outcome", "given_back"},
                                  {"reason", "the worker was gone before it heard of the task"}});
    if (finishes.size() < kFinishesMax) continue;
    finish_all(desk, caller, std::move(finishes));
    finishes = {};
  }
  if (!finishes.empty()) finish_all(desk, caller, std::move(finishes));
}

Outcome client_is_gone() {
  return outcome_of(Error{.code = Code::cancelled, .message = "the client is gone"});
}

Outcome too_busy() {
  return outcome_of(Error{.code = Code::unavailable,
                          .message = "more calls wait than this server takes",
                          .retry_after = std::chrono::seconds(1)});
}

Outcome about_to_end() {
  return outcome_of(
      Error{.code = Code::unavailable, .message = "the server is about to end: call again"});
}

}  // namespace waybill::rpc
