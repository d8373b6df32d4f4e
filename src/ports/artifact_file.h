#pragma once

#include <functional>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// A file that a run leaves behind. It is opened when its turn comes, and perhaps again: of ten
/// thousand files not all can be open at once.
struct ArtifactFile {
  std::string name;
  std::string media_type;
  std::function<Result<FileDescriptor>()> open;
  /// Where it is, if a store may take the file itself in place of a copy: nobody writes to it any
  /// more, and nobody looks for it there once it is kept. Empty: it stays.
  std::string path = {};
};

}  // namespace waybill
