#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "core/pipeline/run.h"
#include "services/pipeliner.h"

namespace waybill {

struct Pipeliner::Open {
  pipeline::KeptRun kept;
  std::shared_ptr<const pipeline::Plan> plan;
  std::unique_ptr<pipeline::Run> run;
  std::unordered_map<Uuid, std::string> tasks;  ///< that run, with their paths
  std::set<std::string> urls;                   ///< waits for an answer that run
  std::int64_t heard = 0;                       ///< KeptRun::asked up to which it was told
  SteadyTime held_until{};
  bool is_dirty = true;  ///< it was told something
};

}  // namespace waybill
