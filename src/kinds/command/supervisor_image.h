#pragma once

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// The supervisor's program, which is part of this binary, as a sealed file in memory: it can be
/// executed as /proc/self/fd/N. `unavailable` where the kernel refuses such files.
Result<FileDescriptor> open_supervisor();

}  // namespace waybill
