#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ports/audit_log.h"

namespace waybill {

struct RefusalFoldParams {
  Duration within = std::chrono::minutes(1);
  std::size_t kinds_max = 200;  ///< of refusals, that are told apart within that time
};

/// Makes few entries of many that tell of what was refused or failed, so that nobody fills the
/// audit log by being refused. The first of its kind is kept as it is; those like it that come
/// within a minute become one entry more, with their number as count. Alike are those of the same
/// who, operation, subject and outcome, and of failures reason. For one thread at a time.
class RefusalFold {
 public:
  explicit RefusalFold(const RefusalFoldParams& params = {}) : params_(params) {}

  /// The entry to be kept at once; none: it was added up with those like it.
  std::optional<AuditEntry> take(AuditEntry entry, SteadyTime now);
  /// The entries of those whose minute is over.
  std::vector<AuditEntry> due(SteadyTime now);
  /// The entries of all the others, which are forgotten with that.
  std::vector<AuditEntry> all() { return due(kSteadyTimeMax); }

 private:
  using Kind = std::tuple<std::string, std::string, std::string, AuditOutcome, std::string>;
  struct Folded {
    SteadyTime until{};
    AuditEntry entry;  // the last of them, and the count of all but the first
  };
  static Kind kind_of(const AuditEntry& entry);

  const RefusalFoldParams params_;
  std::map<Kind, Folded> folded_;
};

}  // namespace waybill
