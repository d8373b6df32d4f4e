#pragma once

#include <string>
#include <utility>

#include "adapters/git/remote.h"
#include "ports/source_trees.h"

namespace waybill::git {

/// Source trees by git, with the limits and the care of definitions. The clock outlives it.
class RemoteTrees final : public SourceTrees {
 public:
  RemoteTrees(Access access, Clock& clock) : remote_(std::move(access), Limits{}, clock) {}

  Result<std::string> bring(const GitSource& source, const std::string& place,
                            const Deadline& deadline) override {
    const auto version = remote_.fetch(source, place, deadline);
    if (!version) return fail(version.error());
    return place + "/trees/" + version->tree;
  }

 private:
  const Remote remote_;
};

}  // namespace waybill::git
