#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "base/uuid.h"
#include "ports/ledger_reader.h"

namespace waybill::http {

/// What running tasks say of their progress, for streams. The ledger keeps no change of it: it is
/// found by looking, and only where somebody wants it. Of each task the latest is held, and of all
/// a bounded piece. Of one thread.
class LiveProgress {
 public:
  /// `reader` outlives it.
  explicit LiveProgress(LedgerReader& reader) : reader_(reader) {}

  struct Said {
    Uuid task;
    std::string queue;
    std::string progress;  ///< a JSON object
  };
  /// By a number that grows: who has got all up to one of them gets those after it.
  using Board = std::map<std::uint64_t, Said>;
  const Board& board() const { return board_; }
  /// Of the latest; 0: there was none yet.
  std::uint64_t newest() const { return newest_; }

  /// Which tasks run. Does nothing after the first time, until it has forgotten.
  Status begin();
  /// What happened after begin() was first called; in ledger order.
  void note(const LedgerEvent& event);
  /// Nobody listens any more, or events were missed.
  void forget();

  /// Whether anybody wants to hear of a task.
  using IsWanted = std::function<Result<bool>(const Uuid& task, const std::string& queue)>;
  /// Looks at some of the running tasks: all of them about once a second, where they are not more
  /// than that many. Errors: those of the ledger, but for what is wrong with a single task.
  Status look(SteadyTime now, const IsWanted& is_wanted);
  /// When look() has something to do again.
  SteadyTime look_at() const;

 private:
  struct Running {
    std::string queue;
    std::size_t hash = 0;      // of what it said last
    std::uint64_t number = 0;  // on the board; it may be gone from there
  };
  Status look_at_one(const Uuid& task, Running& running);
  void put(const Uuid& task, Running& running, std::string progress);
  void take_down(std::uint64_t number);

  LedgerReader& reader_;
  bool begun_ = false;
  std::map<Uuid, Running> running_;
  Board board_;
  std::size_t board_bytes_ = 0;
  std::uint64_t newest_ = 0;
  std::size_t left_ = 0;  // tasks of this round that were not looked at yet
  Uuid looked_at_;        // the last one of running_ whose turn it was
  SteadyTime round_at_{};
};

}  // namespace waybill::http
