#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bench/report.h"

namespace waybill {
class Clock;
}

namespace waybill::bench {

/// Full measures what the project's goals are stated for; quick shows in seconds that each
/// benchmark runs, its figures mean little.
enum class SuiteSize { full, quick };

struct SuiteParams {
  std::string directory;  ///< existing and empty; on the disk that is to be measured
  std::size_t repetitions = 5;
  SuiteSize size = SuiteSize::full;
};

/// A benchmark by name; one run may give several figures, whose names are in `figures`.
struct SuiteEntry {
  std::vector<std::string_view> figures;
  std::function<Result<std::vector<Measurement>>(Clock&, const SuiteParams&)> run;
};

/// Everything that is measured on one machine, in the order in which it is run.
std::vector<SuiteEntry> embedded_suite();

}  // namespace waybill::bench
