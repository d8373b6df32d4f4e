#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "adapters/postgres/database.h"
#include "base/mutex.h"
#include "ports/bell.h"

namespace waybill::postgres {

/// Tells the programs on one ledger of each other's commits by NOTIFY, after the commit and apart
/// from it, so that no commit waits for another's. A hint: what is lost costs a follower until its
/// next look. Thread-safe.
class News {
 public:
  /// `bell` is rung for what others commit. All outlive it.
  News(Database& database, Bell& bell);
  /// Tells what is not told yet, which takes a second at most.
  ~News();
  News(const News&) = delete;
  News& operator=(const News&) = delete;

  /// Something was committed here. Does not wait.
  void tell();
  /// How often to look for what others commit: seldom while one is told of it. Listens from the
  /// first call on.
  Duration look_every();
  /// A look found what nobody had told of.
  void found_untold() { ++untold_; }

 private:
  void tell_all(const std::stop_token& stop);
  void send();
  std::string tag();
  void listen(const std::stop_token& stop);
  Status hear(Connection& connection, const std::stop_token& stop);

  Database& database_;
  Bell& bell_;
  std::atomic<bool> is_heard_ = false;
  /// Looks since the last news of others that found something by themselves: programs that do not
  /// tell, or a pooler that gives each transaction another session.
  std::atomic<int> untold_ = 0;
  Mutex mutex_;
  Condition changed_;
  std::uint64_t committed_ GUARDED_BY(mutex_) = 0;
  std::string tag_ GUARDED_BY(mutex_);  ///< of our own news, while we hear them
  std::jthread teller_ GUARDED_BY(mutex_);
  std::jthread listener_ GUARDED_BY(mutex_);
};

}  // namespace waybill::postgres
