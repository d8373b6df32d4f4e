#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kinds/command/spec.h"

namespace waybill {

/// The spec of a task of kind `container`: container.schema.json says what each field means.
struct ContainerSpec {
  std::string image;
  /// argv: what replaces the image's entrypoint; may be empty. Limits of memory, processes and open
  /// files are always set.
  CommandSpec program;
  std::vector<std::string> arguments;
  std::string network = "none";
  std::string pull = "never";
  std::int64_t user = 65534;
  double cpus = 1;
  std::int64_t scratch_bytes = 64 << 20;
};

/// What the build of an image may use, all of its steps together.
struct BuildLimits {
  std::int64_t memory_bytes = 512 << 20;
  double cpus = 1;
  std::int64_t processes = 256;
  std::int64_t disk_bytes = std::int64_t{2} << 30;  ///< of all that it writes, temporary files too
  Duration time{};                                  ///< zero: that of the task
};

/// The schema as text, to publish.
std::string_view container_spec_schema();

/// Reads and checks a spec. `invalid_argument` says what is wrong, with JSON pointers.
Result<ContainerSpec> parse_container_spec(std::string_view json);

/// Reads what all that runs in a container is told and may use, of an object that has passed its
/// schema: args, network, pull, user, limits and what read_program_fields() reads.
Status read_container_fields(const Fields& fields, ContainerSpec& spec);

/// Refuses what names no one image for ever: `invalid_argument`, with what to write instead.
Status check_image(std::string_view image);

}  // namespace waybill
