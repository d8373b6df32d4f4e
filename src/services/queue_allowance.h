#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "core/queue_limit.h"
#include "ports/clock.h"

namespace waybill {

struct QueueAllowanceParams {
  std::size_t queues_max = 1'000;  ///< new ones that one may make within `within`
  Duration within = std::chrono::hours(24);
  std::size_t all_max = kQueuesMax - 2'000;      ///< of the ledger; the rest is for operators
  std::size_t names_max = 1'000;                 ///< in memory
  Duration known_for = std::chrono::seconds(1);  ///< what the ledger has is read no more often
};

/// How many queues one person or token may make by putting tasks into them: a ledger keeps every
/// queue that was ever named, and has room for kQueuesMax, so that nobody alone may use them up.
/// Those of a name are counted since the process began. Thread-safe.
class QueueAllowance {
 public:
  /// `clock` outlives it.
  explicit QueueAllowance(Clock& clock, const QueueAllowanceParams& params = {})
      : clock_(clock), params_(params) {}

  /// The names of all queues that the ledger has.
  using Read = std::function<Result<std::vector<std::string>>()>;
  enum class Let { yes, made_too_many, few_left };
  struct Taken {
    Let let = Let::yes;
    std::vector<std::string> queues{};  ///< new ones, which count as made by `name` from now on
  };
  /// Whether `name` may put tasks into these queues; if not none of them is counted. Blocks in
  /// `read`, which is asked now and then for queues that are not known, and whose errors it gives.
  Result<Taken> take(const std::string& name, const std::vector<std::string_view>& queues,
                     const Read& read) EXCLUDES(mutex_);
  /// Queues that were taken and came to nothing.
  void give_back(const std::string& name, const std::vector<std::string>& queues) EXCLUDES(mutex_);
  const QueueAllowanceParams& params() const { return params_; }

 private:
  struct Named {
    SteadyTime since{};
    std::unordered_set<std::string> queues;
  };
  Named& named_by(const std::string& name, SteadyTime now) REQUIRES(mutex_);
  std::unordered_set<std::string> unknown(const std::vector<std::string_view>& queues) const
      REQUIRES(mutex_);
  Status learn(const Read& read, SteadyTime now) REQUIRES(mutex_);

  Clock& clock_;
  const QueueAllowanceParams params_;
  Mutex mutex_;
  std::unordered_map<std::string, Named> by_name_ GUARDED_BY(mutex_);
  std::unordered_set<std::string> known_ GUARDED_BY(mutex_);  // of the ledger, and those taken
  std::optional<SteadyTime> known_at_ GUARDED_BY(mutex_);
};

}  // namespace waybill
