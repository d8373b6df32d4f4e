#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "core/permission.h"

namespace waybill {

/// Says what people may do in repositories. Thread-safe; blocks for the network.
class RepositoryPermissions {
 public:
  struct Question {
    std::string repository;  ///< is_repository
    std::string login;       ///< of the person, at the provider
    std::string subject;     ///< whose login that was: an account of another number has no right
    std::string token;       ///< the person's own; empty: none is there
  };
  virtual ~RepositoryPermissions() = default;
  /// `none` only if that is certain. Errors: `unauthenticated` (no token that still counts),
  /// `unavailable` (with `retry_after` if it says; also for a repository that is not there, or that
  /// the token cannot see), `deadline_exceeded`.
  virtual Result<RepositoryRole> ask(const Question& question, const Deadline& deadline) = 0;
};

}  // namespace waybill
