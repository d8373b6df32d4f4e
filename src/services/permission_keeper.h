#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "base/deadline.h"
#include "base/mutex.h"
#include "core/permission.h"
#include "ports/clock.h"
#include "ports/repository_permissions.h"

namespace waybill {

struct PermissionKeeperParams {
  Duration kept = std::chrono::minutes(5);          ///< an answer that is enough
  Duration refused_kept = std::chrono::minutes(1);  ///< one that is not
  Duration error_kept = std::chrono::seconds(2);    ///< before it is asked again
  std::size_t answers_max = 10'000;
};

/// Keeps what a provider says of people's rights for minutes, and asks once where many want to know
/// the same. What is older than that is not told: if the provider cannot be asked, nobody knows.
/// Thread-safe; blocks.
class PermissionKeeper {
 public:
  /// Both outlive it.
  PermissionKeeper(RepositoryPermissions& provider, Clock& clock,
                   const PermissionKeeperParams& params = {})
      : provider_(provider), clock_(clock), params_(params) {}

  struct Question {
    std::string repository;
    std::string login;
    std::string subject;
    std::string token;
    RepositoryRole wanted = RepositoryRole::write;
    /// At most so old; none: as old as they are kept.
    std::optional<Duration> age_max;
  };
  Standing standing(const Question& question, const Deadline& deadline) EXCLUDES(mutex_);

 private:
  using Key = std::tuple<std::string, std::string>;  // repository, subject
  struct Answer {
    std::optional<Standing> known;  ///< the last one that told anything
    SteadyTime known_at{};
    Standing unknown;  ///< what has gone wrong since
    SteadyTime unknown_until{};
    Standing last;  ///< of those two
    bool asking = false;
    std::uint64_t times = 0;  ///< that it was asked
  };

  /// What an answer still says to a question; none: it has to be asked.
  std::optional<Standing> told(const Answer& answer, const Question& question,
                               SteadyTime now) const;
  void note(Answer& answer, const Result<RepositoryRole>& role);
  void make_room() REQUIRES(mutex_);

  RepositoryPermissions& provider_;
  Clock& clock_;
  const PermissionKeeperParams params_;
  Mutex mutex_;
  Condition answered_;
  std::map<Key, Answer> answers_ GUARDED_BY(mutex_);
};

}  // namespace waybill
