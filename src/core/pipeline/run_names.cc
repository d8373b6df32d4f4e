#include "core/pipeline/run_names.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "core/pipeline/run_values.h"

namespace waybill::pipeline {
namespace bj = boost::json;

RunNames::RunNames(const Reader& reader)
    : reader_(reader), index_(std::make_unique<const bj::value>(reader.number)) {}
RunNames::~RunNames() = default;

const bj::value* RunNames::find(std::string_view context) const {
  if (context == "params") return reader_.frame->values->params.get();
  if (context == "run") return reader_.frame->values->run.get();
  if (context == "result") return reader_.result;
  if (reader_.number == kNone) return nullptr;
  if (context == "index" && !reader_.plan->definition.for_each.empty()) return index_.get();
  const bool is_matrix = !reader_.plan->definition.matrix.empty();
  if (context != (is_matrix ? "matrix" : "item")) return nullptr;
  return &reader_.step->values->items->get_array()[reader_.number];
}

const bj::value* RunNames::find_member(std::string_view context, std::string_view member) const {
  if (context != "steps") return nullptr;
  const auto& indices = reader_.frame->pipeline->indices;
  const auto found = indices.find(std::string(member));
  if (found == indices.end()) return nullptr;
  return reader_.frame->steps[found->second].values->view.get();
}

bool RunNames::status(StatusFunction function) const {
  const bool goes_on = reader_.stop == Stop::none;
  switch (function) {
    case StatusFunction::success:
      return goes_on && !reader_.step->any_unsuccessful;
    case StatusFunction::failure:
      return goes_on && reader_.step->any_failed;
    case StatusFunction::cancelled:
      return !goes_on;
    case StatusFunction::always:
      return true;
  }
  return true;
}

}  // namespace waybill::pipeline
