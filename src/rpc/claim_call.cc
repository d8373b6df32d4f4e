#include "rpc/claim_call.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"

namespace waybill::rpc {
namespace {

namespace bj = boost::json;

constexpr std::int64_t kWantedMax = 10'000;
/// So many are claimed at a time at most: they wait in memory until they are sent.
constexpr std::int64_t kClaimMax = 100;
/// After that the claim is made anew, which also tells that the worker is still there.
constexpr const char* kWait = "20s";

Error refused(std::string message) {
  return {.code = Code::invalid_argument, .message = std::move(message)};
}

/// A stream makes one claim after another, and under one key all of them would be the first.
Caller without_key(Caller caller) {
  std::erase_if(caller.headers,
                [](const auto& header) { return header.first == "idempotency-key"; });
  return caller;
}

}  // namespace

ClaimCall::ClaimCall(Desk& desk, const Method& method, Caller caller, Wire& wire)
    : Conversation(desk, method, without_key(std::move(caller)), wire),
      tasks_(std::make_unique<bj::array>()) {}
ClaimCall::~ClaimCall() = default;

void ClaimCall::begin() { wire_.read(); }

void ClaimCall::message(const std::string& bytes) {
  auto demand = read_input(bytes);
  const Lock lock(mutex_);
  if (finished_) return;
  if (!demand) return end(outcome_of(demand.error()));
  const bool is_first = who_ == nullptr;
  if (Status taken = take_demand(std::move(*demand)); !taken) {
    return end(outcome_of(taken.error()));
  }
  if (is_first) wire_.open();
  wire_.read();
  go_on();
}

Status ClaimCall::take_demand(bj::object demand) {
  const std::int64_t more = demand.at("more").get_int64();
  demand.erase("more");
  if (more < 0 || wanted_ + more > kWantedMax) {
    return fail(refused("/more: at least 0, and at most " + std::to_string(kWantedMax) +
                        " with those that have not come yet"));
  }
  wanted_ += more;
  asked_ = true;
  if (who_ == nullptr) {
    who_ = std::make_unique<bj::object>(std::move(demand));
    return {};
  }
  // A plain text field is there even if it is empty.
  if (demand.at("worker").get_string().empty()) demand.erase("worker");
  if (demand.empty()) return {};
  return fail(refused("/" + std::string(demand.begin()->key()) +
                      ": only the first message may say who asks; the others have `more` alone"));
}

void ClaimCall::closed() {
  const Lock lock(mutex_);
  closed_ = true;
  go_on();
}

void ClaimCall::written() {
  const Lock lock(mutex_);
  writing_ = false;
  ++written_;
  go_on();
}

void ClaimCall::gone() {
  const Lock lock(mutex_);
  end(client_is_gone());
}

void ClaimCall::drain() {
  const Lock lock(mutex_);
  go_on();
}

void ClaimCall::go_on() {
  if (finished_ || writing_) return;
  if (written_ < tasks_->size()) return write_next();
  if (closed_ || desk_.draining()) {
    // What a claim that is under way brings is given back (answered).
    return end(closed_ ? Outcome{} : about_to_end());
  }
  if (!claiming_ && wanted_ > 0) claim();
}

void ClaimCall::write_next() {
  auto output = output_of(bj::object{{"task", (*tasks_)[written_]}});
  if (!output) return end(outcome_of(output.error()));
  writing_ = true;
  wire_.write(std::move(*output));
}

void ClaimCall::claim() {
  bj::object members = *who_;
  members["limit"] = std::min(wanted_, kClaimMax);
  members["wait"] = kWait;
  claiming_ = true;
  const auto refused =
      ask(std::move(members), std::exchange(asked_, false) ? Counts::anew : Counts::not_again);
  if (refused) end(*refused);
}

void ClaimCall::answered(http::Response response) {
  const Outcome outcome = outcome_of(response);
  auto body = outcome.ok ? json::parse(response.body) : Result<bj::value>(bj::value(nullptr));
  const Lock lock(mutex_);
  if (!outcome.ok || !body) {
    return end(outcome.ok ? outcome_of(body.error()) : outcome);
  }
  bj::array& tasks = body->at("tasks").get_array();
  if (finished_) return give_back(desk_, caller_, tasks);
  claiming_ = false;
  wanted_ -= static_cast<std::int64_t>(tasks.size());
  *tasks_ = std::move(tasks);
  written_ = 0;
  go_on();
}

void ClaimCall::end(const Outcome& outcome) {
  if (finished_) return;
  // The one under way counts as not received.
  give_back(desk_, caller_,
            bj::array(tasks_->begin() + static_cast<std::ptrdiff_t>(written_), tasks_->end()));
  finish(outcome);
}

}  // namespace waybill::rpc
