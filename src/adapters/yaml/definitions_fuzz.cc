#include <cstddef>
#include <cstdint>
#include <string_view>

#include "adapters/yaml/yaml.h"
#include "base/check.h"
#include "core/definitions_load.h"

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
  return 0;
}
