#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>

#include "core/pipeline/run_engine.h"

namespace waybill::pipeline {

// The JSON values of frames and steps, behind pointers since headers hold none.

/// What was done, and by which tasks: two that are equal came about in the same way.
struct History {
  std::string digest;     ///< empty: not asked yet
  bool any_anew = false;  ///< whether anything of it was done in this run, and not reused
};

struct FrameValues {
  std::unique_ptr<boost::json::value> params;
  std::unique_ptr<boost::json::value> run;
  History around;  ///< of what came before the step that this pipeline is
};

struct StepValues {
  std::unique_ptr<boost::json::value> view;  ///< {result, outputs, error, …}; null until it ended
  std::unique_ptr<boost::json::value> outputs;    ///< of one instance, or a list of all
  std::unique_ptr<boost::json::value> artifacts;  ///< likewise, where the step shows them
  std::unique_ptr<boost::json::value> items;      ///< what it is expanded over
  History history;                                ///< of this step and all that it needs
};

}  // namespace waybill::pipeline
