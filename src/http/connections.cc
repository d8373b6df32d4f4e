#include "http/connections.h"

#include <sys/socket.h>

#include <algorithm>

#include "base/log.h"

namespace waybill::http {
namespace {

/// Slower lines than this do not carry bodies to us.
constexpr std::size_t kBodyBytesPerSecond = 16u << 10;

}  // namespace

bool Connection::is_too_slow(SteadyTime now, Duration patience) const {
  if (now > last_.load()) return true;
  const SteadyTime since = since_;
  if (since == kNobody) return false;
  const auto for_body =
      std::chrono::seconds(static_cast<std::int64_t>(body_bytes_ / kBodyBytesPerSecond));
  return now - since > patience + for_body;
}

Connection& Connections::opened(int socket) {
  auto connection = std::make_unique<Connection>(socket, clock_.steady_now());
  Connection& made = *connection;
  const Lock lock(mutex_);
  open_.emplace(&made, std::move(connection));
  return made;
}

void Connections::closed(Connection& connection) {
  const Lock lock(mutex_);
  open_.erase(&connection);
}

void Connections::end_those_refused() {
  const Lock lock(mutex_);
  for (const auto& [connection, owned] : open_) {
    if (connection->is_refused()) ::shutdown(connection->socket(), SHUT_RDWR);
  }
}

Result<Duration> Connections::step(const Deadline&) {
  const SteadyTime now = clock_.steady_now();
  std::size_t ended = 0;
  {
    // With the lock held a socket is still its connection's.
    const Lock lock(mutex_);
    for (const auto& [connection, owned] : open_) {
      if (!connection->is_too_slow(now, patience_)) continue;
      ::shutdown(connection->socket(), SHUT_RDWR);
      connection->end_wait();
      connection->end_at(kSteadyTimeMax);
      ++ended;
    }
  }
  if (ended > 0) {
    log::info("slow_connections_ended", "their requests did not come to an end",
              {{"connections", ended}});
  }
  return std::min<Duration>(std::chrono::seconds(5), patience_);
}

}  // namespace waybill::http
