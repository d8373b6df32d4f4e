#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/yaml/yaml.h"
#include "base/check.h"
#include "core/definitions_load.h"
#include "core/pipeline/run.h"

namespace {

/// A pipeline without problems can be run: its plan is kept and read back, and a run of it begins.
void check_pipeline(const std::string& name, const waybill::Definitions& definitions) {
  namespace pipeline = waybill::pipeline;
  const auto plan = pipeline::Plan::make(name, definitions.pipelines, definitions.tasks);
  WAYBILL_CHECK(plan.has_value(), "a pipeline that has no problems and can't be run");
  const auto again = pipeline::Plan::read((*plan)->to_json_text());
  WAYBILL_CHECK(again.has_value(), "a plan that can't be read back");
  WAYBILL_CHECK((*again)->to_json_text() == (*plan)->to_json_text(), "a plan that changed");
  const pipeline::RunRequest request{.id = waybill::kTaskNamespace};
  auto run = pipeline::Run::open(*plan, request);
  if (!run) return;  // it needs params
  pipeline::Records records;
  const waybill::Time now = waybill::from_micros(1'800'000'000'000'000);
  for (const pipeline::Action& action : run->take(now)) pipeline::record(records, action);
  const auto next = pipeline::advance(*plan, request, records, {}, now);
  WAYBILL_CHECK(next && next->actions.empty(), "something is left to do that was done");
}

}  // namespace

// Whatever a file says, loading it ends with definitions or with problems that say something.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  waybill::yaml::Reading reading = waybill::yaml::read("fuzz.yaml", text);
  for (const waybill::Problem& problem : reading.problems) {
    WAYBILL_CHECK(!problem.message.empty(), "a problem says what is wrong");
  }
  if (!reading.problems.empty()) return 0;
  reading.document.directory = "/srv/defs";
  const waybill::DefinitionsLoad load = waybill::load_definitions({&reading.document, 1});
  for (const waybill::Problem& problem : load.problems) {
    WAYBILL_CHECK(!problem.message.empty(), "a problem says what is wrong");
    WAYBILL_CHECK(problem.file == "fuzz.yaml", "a problem says where it is");
  }
  if (!load.problems.empty()) return 0;
  for (const auto& [name, pipeline] : load.definitions.pipelines) {
    check_pipeline(name, load.definitions);
  }
  return 0;
}
