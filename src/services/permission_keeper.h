#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/deadline.h"
#include "base/mutex.h"
#include "core/permission.h"
#include "ports/bell.h"
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
  /// Unknown when the deadline comes first, also where another asks the same just now.
  Standing standing(const Question& question, const Deadline& deadline) EXCLUDES(mutex_);

 private:
  using Key = std::tuple<std::string, std::string>;  // repository, subject
  /// One question on its way to the provider: of who asks it, and of all who wait for it, so that
  /// they are told even if the answer's place is another's by then.
  struct Asking {
    std::optional<Standing> told;  ///< none: no answer yet
  };
  struct Answer {
    std::optional<Standing> known;  ///< the last one that told anything
    SteadyTime known_at{};
    Standing unknown;  ///< what has gone wrong since
    SteadyTime unknown_until{};
    std::shared_ptr<Asking> asking;  ///< null: nobody asks just now
  };

  /// What an answer still says to a question; none: it has to be asked.
  std::optional<Standing> told(const Answer& answer, const Question& question,
                               SteadyTime now) const;
  Standing await(const Asking& asking, const Deadline& deadline) EXCLUDES(mutex_);
  /// Returns what is told to those who wait for it.
  Standing note(Answer& answer, const Result<RepositoryRole>& role, Duration error_kept);
  void make_room() REQUIRES(mutex_);

  RepositoryPermissions& provider_;
  Clock& clock_;
  const PermissionKeeperParams params_;
  Mutex mutex_;
  Bell answered_;
  std::map<Key, Answer> answers_ GUARDED_BY(mutex_);
};

/// The keepers of now, by provider. Thread-safe.
class PermissionKeepers {
 public:
  /// Shared with those who ask just now.
  using ByProvider = std::map<std::string, std::shared_ptr<PermissionKeeper>>;
  void take(ByProvider keepers) EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    keepers_ = std::move(keepers);
  }
  /// Null: there is none.
  std::shared_ptr<PermissionKeeper> find(const std::string& provider) const EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    const auto found = keepers_.find(provider);
    return found == keepers_.end() ? nullptr : found->second;
  }

 private:
  mutable Mutex mutex_;
  ByProvider keepers_ GUARDED_BY(mutex_);
};

}  // namespace waybill
