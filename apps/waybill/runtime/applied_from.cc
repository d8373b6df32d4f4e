#include "apps/waybill/runtime/applied_from.h"

#include <utility>

namespace waybill::cli {

AppliedFrom applied_from(const Config& config, const DefinitionSources& sources,
                         const std::vector<SourceState>& states) {
  AppliedFrom from{.directory = config.definitions, .sources = {}};
  for (GitSource& source : sources.followed()) {
    FollowedSource followed{.source = std::move(source), .commits = {}};
    bool is_known = true;
    for (const SourceState& state : states) {
      if (state.source != followed.source.text) continue;
      is_known = !state.tree.empty();
      for (const auto& [name, file] : state.files) followed.commits.push_back(file.commit);
    }
    if (is_known) from.sources.push_back(std::move(followed));
  }
  return from;
}

void add_problems(const std::vector<TakenName>& taken, std::vector<SourceState>& states) {
  for (const TakenName& each : taken) {
    for (SourceState& state : states) {
      if (state.source == each.source) state.problems.push_back(each.problem);
    }
  }
}

}  // namespace waybill::cli
