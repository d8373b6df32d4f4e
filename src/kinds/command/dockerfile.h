#pragma once

#include <string_view>

#include "base/result.h"

namespace waybill {

/// Refuses, as `invalid_argument`, a Dockerfile with a step that mounts something (`RUN --mount`),
/// in whatever way that is written: podman 4.3 follows what a step mounts out of the build and into
/// the machine (CVE-2024-1753, CVE-2024-9675, CVE-2024-9407). Takes an innocent `--mount`, of the
/// command mount for example, for one too: write it otherwise.
Status check_dockerfile(std::string_view text);

}  // namespace waybill
