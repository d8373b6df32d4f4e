#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/transaction.h"
#include "base/mutex.h"
#include "base/result.h"
#include "ports/bell.h"

namespace waybill::sqlite {

/// The one place that writes to the file. Calls of all threads that wait are committed in one
/// transaction: the first to come does the work for those that came while it was busy, so that a
/// single caller pays for no other thread (docs/adr/0009). Thread-safe.
class Writer {
 public:
  /// Part of a transaction. May run twice: if another call of the group fails, all are run again
  /// one by one; so it sets its answer anew each time. An error undoes all that it has done.
  using Work = std::function<Status(Transaction&)>;

  struct Params {
    std::size_t events_kept = 0;
    std::size_t log_bytes_max = 0;
    std::optional<Error> refusal{};  ///< of every call, where nothing can be written
  };
  /// `bell` is rung after each commit that made events.
  Writer(std::unique_ptr<Database> database, const Params& params, Bell& bell);

  /// Runs the work and commits. What it answers is on disk.
  Status write(const Work& work);

 private:
  enum class Turn : std::uint8_t { wait, work_for_all, done };
  /// Each has a mutex of its own, so that the many callers of a group that are answered at once do
  /// not queue for one.
  struct Call {
    const Work* work = nullptr;
    Status answer{};
    Mutex mutex;
    Condition changed;
    Turn turn GUARDED_BY(mutex) = Turn::wait;
  };
  using Group = std::vector<Call*>;

  /// Waits until the call is answered or is to work for all that wait.
  static Turn wait_for_turn(Call& call);
  static void give_turn(Call& call, Turn turn);
  Group take_group();

  void run(const Group& group);
  static void answer_others(const Group& group, const Call& call);
  /// One transaction. False: it was undone because of one call among several.
  bool run_together(const Group& group);
  Status commit();
  /// After a failure of anything but a commit: stops if the disk failed to keep something.
  void stop_if_sync_failed(const Status& failure);
  void stop(const std::string& why, const Error& error);
  void answer_all(const Group& group, const Status& answer);
  bool log_is_long() const;
  void write_log_back();

  const Params params_;
  Bell& bell_;
  Mutex mutex_;
  Group waiting_ GUARDED_BY(mutex_);
  bool busy_ GUARDED_BY(mutex_) = false;

  // Of the thread that works for the group:
  std::unique_ptr<Database> database_;
  Transaction transaction_;
  std::optional<Error> stopped_;  // after a failed sync
  std::size_t log_pages_ = 0;
};

}  // namespace waybill::sqlite
