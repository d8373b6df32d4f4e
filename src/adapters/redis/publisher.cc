#include "adapters/redis/publisher.h"

#include <algorithm>

#include "base/sigpipe_held.h"

namespace waybill {
namespace {

/// Whether the connection may still be of use: its server has answered.
template <class Answer>
bool answered(const Answer& answer) {
  return answer || answer.error().code == Code::permission_denied ||
         answer.error().code == Code::failed_precondition;
}

}  // namespace

Status RedisPublisher::connect(const Deadline& deadline) {
  const SigpipeHeld held;
  const Lock lock(mutex_);
  if (connection_ && connection_->ping(until(deadline))) return {};
  return open(until(deadline));
}

Status RedisPublisher::publish(std::span<const ChannelMessage> messages, const Deadline& deadline) {
  const SigpipeHeld held;
  const Lock lock(mutex_);
  const SteadyTime end = until(deadline);
  if (connection_) {
    const Status published = connection_->publish(messages, end);
    if (answered(published)) return published;
    connection_.reset();
    // Only a connection that was lost meanwhile is worth another try at once.
    if (published.error().code != Code::unavailable) return published;
  }
  if (Status opened = open(end); !opened) return opened;
  Status published = connection_->publish(messages, end);
  if (!answered(published)) connection_.reset();
  return published;
}

Result<bool> RedisPublisher::take_turn(const std::string& turn, const std::string& holder,
                                       Duration hold, const Deadline& deadline) {
  const SigpipeHeld held;
  const Lock lock(mutex_);
  const SteadyTime end = until(deadline);
  if (Status reached = reach(end); !reached) return fail(reached.error());
  auto taken = connection_->take_turn(turn, holder, hold, end);
  if (!answered(taken)) connection_.reset();
  return taken;
}

Status RedisPublisher::leave_turn(const std::string& turn, const std::string& holder,
                                  const Deadline& deadline) {
  const SigpipeHeld held;
  const Lock lock(mutex_);
  const SteadyTime end = until(deadline);
  if (Status reached = reach(end); !reached) return reached;
  Status left = connection_->leave_turn(turn, holder, end);
  if (!answered(left)) connection_.reset();
  return left;
}

Status RedisPublisher::reach(SteadyTime until) {
  if (!connection_) return open(until);
  return {};
}

Status RedisPublisher::open(SteadyTime until) {
  connection_.reset();
  auto opened = redis::Connection::open(address_, clock_, until);
  if (!opened) return fail(opened.error());
  connection_ = std::move(*opened);
  return {};
}

SteadyTime RedisPublisher::until(const Deadline& deadline) const {
  return std::min(deadline.at, clock_.steady_now() + kCallTimeMax);
}

}  // namespace waybill
