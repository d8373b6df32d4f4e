#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/definition.h"
#include "core/document.h"
#include "core/git_source.h"
#include "ports/registry.h"

namespace waybill::cli {

/// A source of --definitions-from.
struct FollowedSource {
  GitSource source;
  std::vector<std::string> commits;  ///< that its files hold at now; none: it was followed before
};

/// Where definitions are read, so that what stood there once can be told from what others made.
struct AppliedFrom {
  std::string directory;                ///< --definitions; may be empty
  std::vector<FollowedSource> sources;  ///< those of --definitions-from, now and before
};

/// A schedule that a file or a ref of others has under that name.
struct TakenName {
  std::string name;
  std::string source;  ///< of --definitions-from, as it is written there; empty: --definitions
  Problem problem;

  bool operator==(const TakenName&) const = default;
};

/// Makes the registry say what the definitions say: queues (a pause by a person stays), schedules
/// (new ones owe nothing of the past), and takes out schedules that once were defined there and are
/// no more. A schedule of a repository says which ref it is of, `REPOSITORY#REF@COMMIT:FILE`, so
/// that servers which follow different refs leave each other's alone. Of two files or refs that
/// define a schedule of one name the first keeps it; answered is what was not written for that.
/// Safe to repeat.
Result<std::vector<TakenName>> apply_definitions(const Definitions& definitions,
                                                 const AppliedFrom& from, Registry& registry,
                                                 Time now);

/// What apply_definitions would answer.
Result<std::vector<TakenName>> taken_names(const Definitions& definitions, const AppliedFrom& from,
                                           Registry& registry);

}  // namespace waybill::cli
