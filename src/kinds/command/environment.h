#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/task.h"
#include "kinds/command/artifact_files.h"
#include "kinds/command/spec.h"

namespace waybill {

using Environment = std::map<std::string, std::string>;

/// What of the worker's own environment a program gets: PATH, HOME, USER, LOGNAME, LANG, LC_*, TZ.
/// Nothing else, since the rest may hold the worker's secrets.
Environment inherited_environment();

/// Each as NAME=value.
std::vector<std::string> environment_texts(const Environment& environment);

/// The environment of one run as NAME=value: what is inherited, then TMPDIR and what the spec says,
/// then WAYBILL_TASK_ID, WAYBILL_ATTEMPT, WAYBILL_SCRATCH, WAYBILL_ARTIFACTS, WAYBILL_INPUTS,
/// WAYBILL_REPORT_FD, WAYBILL_PARAMS and WAYBILL_CHECKPOINT (empty: none). A value over 100 KiB,
/// which Linux would refuse, is written to a file in the scratch directory, and its name is in
/// WAYBILL_PARAMS_FILE or WAYBILL_CHECKPOINT_FILE instead.
struct EnvironmentParams {
  const CommandSpec& spec;
  const Task& task;
  const RunPlaces& places;
  const std::string& checkpoint;
  /// Where files are made for what is too long, and as what the program sees that directory; empty:
  /// the scratch directory.
  std::string long_values = {};
  std::string long_values_seen_as = {};
  /// As what it sees the directory of its inputs; empty: the scratch directory.
  std::string inputs = {};
  std::int64_t long_values_owner = -1;  ///< user and group of those files; negative: our own
};
Result<std::vector<std::string>> make_environment(Environment environment,
                                                  const EnvironmentParams& params);

}  // namespace waybill
