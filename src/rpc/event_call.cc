#include "rpc/event_call.h"

#include <array>
#include <boost/json.hpp>
#include <memory>
#include <utility>

#include "base/json.h"

namespace waybill::rpc {
namespace {

namespace bj = boost::json;

constexpr std::size_t kReadAtOnce = 16u << 10;

}  // namespace

void EventCall::answered(http::Response response) {
  if (!response.stream) return end(outcome_of(response));
  const Lock lock(mutex_);
  stream_ = std::move(response.stream);
  if (finished_) return stream_->close();
  if (desk_.draining()) stream_->end();
  wire_.open();
  pump_locked();
}

void EventCall::written() {
  const Lock lock(mutex_);
  writing_ = false;
  pump_locked();
}

void EventCall::drain() {
  const Lock lock(mutex_);
  if (stream_ && !finished_) stream_->end();
}

void EventCall::pump() {
  const Lock lock(mutex_);
  pump_locked();
}

void EventCall::pump_locked() {
  while (!finished_ && !writing_) {
    if (!ready_.empty()) {
      writing_ = true;
      std::string message = std::move(ready_.front());
      ready_.pop_front();
      return wire_.write(std::move(message));
    }
    if (!read_more()) return;
  }
}

bool EventCall::read_more() {
  std::array<char, kReadAtOnce> buffer;  // NOLINT: filled below
  std::size_t got = 0;
  // On a thread of the desk: whoever wakes us holds the stream's lock.
  const auto wake = [this, self = std::static_pointer_cast<EventCall>(shared_from_this())] {
    desk_.run([self] { self->pump(); });
  };
  switch (stream_->read(
      buffer.data(), buffer.size(), got, [] {}, wake)) {
    case http::BodyStream::Read::empty:
      return false;
    case http::BodyStream::Read::ended:
      end_locked(outcome_at_end());
      return false;
    case http::BodyStream::Read::some:
      break;
  }
  for (const ServerEvent& event : reader_.read({buffer.data(), got})) {
    if (!take(event)) return false;
  }
  return true;
}

Outcome EventCall::outcome_at_end() const {
  if (told_all_) return {};
  const auto error = stream_->error();
  return error ? outcome_of(*error) : about_to_end();
}

bool EventCall::take(const ServerEvent& event) {
  auto data = json::parse(event.data);
  bj::object message;
  if (!event.id.empty()) message["cursor"] = event.id;
  if (data) message[event.name] = std::move(*data);
  auto output = output_of(message);
  if (!output) {
    end_locked(outcome_of(output.error()));
    return false;
  }
  told_all_ = told_all_ || event.name == "end";
  ready_.push_back(std::move(*output));
  return true;
}

void EventCall::end(const Outcome& outcome) {
  const Lock lock(mutex_);
  end_locked(outcome);
}

void EventCall::end_locked(const Outcome& outcome) {
  // It forgets whom to wake: this call.
  if (stream_) stream_->close();
  finish(outcome);
}

}  // namespace waybill::rpc
