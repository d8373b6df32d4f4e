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

  /// Something was committed here, up to a sequence of events; 0: it is not known. Does not wait.
  void tell(std::uint64_t sequence = 0);
  /// The newest sequence that is known to be committed; 0: none.
  std::uint64_t newest() const { return newest_; }
  /// That this one is.
  void learn(std::uint64_t sequence);
  /// The ledger has said that this is the newest, when `before` was thought to be. After a switch
  /// to a standby that lags, or a restore, it may be less.
  void learn(std::uint64_t sequence, std::uint64_t before);
  /// Whether something was learned within the last second; else who sees nothing of it had better
  /// ask.
  bool is_fresh() const;
  /// Something may be committed whose sequence is not known.
  void doubt() { doubts_ = true; }
  /// Whether that is so; then the ledger is asked, and learn() comes next or doubt() again.
  bool take_doubt() { return doubts_.exchange(false); }
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
  std::atomic<std::uint64_t> newest_ = 0;
  std::atomic<std::int64_t> learned_at_ = 0;  // microseconds of the steady clock
  std::atomic<bool> doubts_ = false;
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
