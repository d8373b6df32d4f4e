#include "adapters/postgres/pool.h"

#include <algorithm>
#include <chrono>
#include <stop_token>

#include "adapters/postgres/either_stop.h"
#include "base/log.h"

namespace waybill::postgres {
namespace {

constexpr Duration kBackoffFirst = std::chrono::milliseconds(50);
constexpr Duration kBackoffMax = std::chrono::seconds(2);

/// What may be over in a moment: the server restarts, or has no connection left.
bool may_pass(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::deadline_exceeded;
}

}  // namespace

Pool::Pool(Params params, Clock& clock) : params_(std::move(params)), clock_(clock) {}

Pool::Leased::~Leased() {
  if (connection_) pool_->give_back(std::move(connection_));
}

Result<Pool::Leased> Pool::take(const Deadline& deadline) {
  if (Status room = wait_for_room(deadline); !room) return fail(room.error());
  if (auto idle = take_idle()) return Leased(*this, std::move(idle));
  auto opened = open(deadline);
  if (opened) return Leased(*this, std::move(*opened));
  leave();
  return fail(opened.error());
}

std::unique_ptr<Connection> Pool::take_idle() {
  for (;;) {
    std::unique_ptr<Connection> connection;
    {
      const Lock lock(mutex_);
      if (idle_.empty()) return nullptr;
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    if (!connection->was_closed()) return connection;
  }
}

Result<std::unique_ptr<Connection>> Pool::open(const Deadline& deadline) {
  const SteadyTime patience =
      std::min(deadline.at, clock_.steady_now() + params_.reconnect_time_max);
  const EitherStop either(deadline.stop, params_.connect.hurry);
  Duration backoff = kBackoffFirst;
  for (bool warned = false;; warned = true) {
    auto opened = Connection::open(params_.connect, clock_, deadline);
    if (opened || !may_pass(opened.error())) return opened;
    const SteadyTime again = clock_.steady_now() + backoff;
    if (again >= patience || either.token().stop_requested()) return opened;
    if (!warned) {
      log::warn("ledger_unreachable", "the database cannot be reached; trying again",
                {{"error", opened.error().message}});
    }
    clock_.wait_until(again, either.token());
    backoff = std::min(2 * backoff, kBackoffMax);
  }
}

Status Pool::wait_for_room(const Deadline& deadline) {
  const std::stop_callback woken(deadline.stop, [this] {
    const Lock lock(mutex_);
    room_.notify_all();
  });
  for (;;) {
    const std::uint64_t seen = left_.rung();
    {
      Lock lock(mutex_);
      // A clock that is simulated need not know of a wait without end.
      while (used_ >= params_.connections_max && deadline.at == kSteadyTimeMax &&
             !deadline.stop_requested()) {
        room_.wait(lock);
      }
      if (used_ < params_.connections_max) {
        ++used_;
        return {};
      }
    }
    if (deadline.stop_requested()) return fail(Code::cancelled, "a stop was asked for");
    if (clock_.steady_now() >= deadline.at) {
      return fail(Code::deadline_exceeded, "all connections to the database are in use");
    }
    left_.wait(seen, deadline, clock_);
  }
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  if (!connection->is_lost() && !connection->in_transaction()) {
    const Lock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  leave();
}

void Pool::leave() {
  {
    const Lock lock(mutex_);
    --used_;
    room_.notify_one();
  }
  left_.ring();
}

void Pool::forget_idle() {
  std::vector<std::unique_ptr<Connection>> closed;
  const Lock lock(mutex_);
  closed.swap(idle_);
}

}  // namespace waybill::postgres
