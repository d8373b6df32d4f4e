#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

/// Of one task.
inline constexpr std::size_t kInputsMax = 10'000;

/// A file that a task finds in its directory when it begins: where, and which content it has.
struct TaskInput {
  std::string name;    ///< a relative path, as an artifact's name
  std::string sha256;  ///< 64 lower-case hexadecimal digits
  std::int64_t size_bytes = 0;

  bool operator==(const TaskInput&) const = default;
};

/// Whether tasks of this kind are given files.
bool takes_inputs(std::string_view kind);

/// That each has a sound name and digest, no name is there twice, is a directory of another one, or
/// begins with WAYBILL_, and that they are not too many. `invalid_argument` names the input.
Status check_inputs(std::span<const TaskInput> inputs);
/// `out_of_range` where they have more together.
Status check_input_bytes(std::span<const TaskInput> inputs, std::int64_t bytes_max);
/// How many bytes the inputs of a task may have together: `limits.inputs` of its spec, else 1 GiB.
std::int64_t input_bytes_max(std::string_view spec);

/// `[{name, sha256, size_bytes}]`, as a spec has them.
boost::json::array to_json(std::span<const TaskInput> inputs);
/// Reads such a list, which has passed the schema of its kind.
std::vector<TaskInput> read_inputs(const boost::json::array& list);
/// The spec of a task with these inputs, which are all that it has then.
std::string with_inputs(std::string_view spec, std::span<const TaskInput> inputs);

}  // namespace waybill
