#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "adapters/postgres/connection.h"
#include "base/mutex.h"
#include "base/result.h"
#include "ports/bell.h"
#include "ports/clock.h"

namespace waybill::postgres {

/// Connections that are used again. Opens them as they are needed; tries again, ever more seldom,
/// while the server is not to be reached. Thread-safe.
class Pool {
 public:
  struct Params {
    ConnectParams connect;
    std::size_t connections_max = 4;
    /// How long a call waits for a server that cannot be reached; zero: it fails at once.
    Duration reconnect_time_max = std::chrono::seconds(15);
  };
  /// `clock` outlives it.
  Pool(Params params, Clock& clock);

  /// A connection for one thread; goes back to the pool at the end, or is closed if it is lost or
  /// still in a transaction.
  class Leased {
   public:
    Leased(Pool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Leased(Leased&& other) noexcept = default;
    Leased& operator=(Leased&& other) = delete;
    ~Leased();
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  /// Waits for one that is free, or opens one. Errors as Connection::open.
  Result<Leased> take(const Deadline& deadline);
  /// Closes those that nobody uses: the server is known to have gone.
  void forget_idle();
  const ConnectParams& connect_params() const { return params_.connect; }
  Clock& clock() const { return clock_; }

 private:
  std::unique_ptr<Connection> take_idle();
  Result<std::unique_ptr<Connection>> open(const Deadline& deadline);
  Status wait_for_room(const Deadline& deadline);
  void give_back(std::unique_ptr<Connection> connection);
  void leave();

  const Params params_;
  Clock& clock_;
  Mutex mutex_;
  Condition room_;  // for those who wait without end
  Bell left_;       // for those who have a deadline
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mutex_);
  std::size_t used_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::postgres
