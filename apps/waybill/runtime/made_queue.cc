#include "apps/waybill/runtime/made_queue.h"

#include <algorithm>

namespace waybill::cli {
namespace {

tl::unexpected<Error> only_publishes() {
  return fail(Code::unimplemented, "this queue is only published to");
}

bool is_missing(const Status& answer) { return !answer && answer.error().code == Code::not_found; }

}  // namespace

Result<std::vector<Status>> MadeQueue::publish(std::span<const Message> messages) {
  const Lock lock(mutex_);
  if (!made_) {
    auto made = make_();
    if (!made) return fail(made.error());
    made_ = std::move(*made);
  }
  auto answers = made_->publish(messages);
  const bool missing =
      answers ? std::ranges::any_of(*answers, is_missing) : answers.error().code == Code::not_found;
  if (missing) made_.reset();
  return answers;
}

Result<std::vector<Delivery>> MadeQueue::receive(std::size_t, const Deadline&) {
  return only_publishes();
}
Status MadeQueue::ack(std::span<const std::string>) { return only_publishes(); }
Status MadeQueue::nack(std::span<const std::string>) { return only_publishes(); }
Status MadeQueue::extend(std::span<const std::string>, Duration) { return only_publishes(); }

}  // namespace waybill::cli
