#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string_view>

#include "core/pipeline/run_engine.h"

namespace waybill::pipeline {

/// Whose expression is evaluated.
struct Reader {
  const Frame* frame = nullptr;
  const StepRun* step = nullptr;  ///< null: the outputs of the pipeline
  const PlanStep* plan = nullptr;
  std::uint32_t number = kNone;                ///< of an instance
  const boost::json::value* result = nullptr;  ///< of what ended
  Stop stop = Stop::none;
};

/// What the names of an expression stand for in a run (docs/reference/pipelines.md).
class RunNames : public Names {
 public:
  explicit RunNames(const Reader& reader);
  ~RunNames() override;
  const boost::json::value* find(std::string_view context) const override;
  const boost::json::value* find_member(std::string_view context,
                                        std::string_view member) const override;
  bool status(StatusFunction function) const override;

 private:
  const Reader reader_;
  const std::unique_ptr<const boost::json::value> index_;
};

}  // namespace waybill::pipeline
