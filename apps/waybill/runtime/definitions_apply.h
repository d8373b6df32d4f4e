#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/definition.h"
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

/// Makes the registry say what the definitions say: queues (a pause by a person stays), schedules
/// (new ones owe nothing of the past), and takes out schedules that once were defined there and are
/// no more. A schedule of a repository says which ref it is of, `REPOSITORY#REF@COMMIT:FILE`, so
/// that servers which follow different refs leave each other's alone. Safe to repeat.
Status apply_definitions(const Definitions& definitions, const AppliedFrom& from,
                         Registry& registry, Time now);

}  // namespace waybill::cli
