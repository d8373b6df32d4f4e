#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/command/container_protocol.h"

namespace waybill {

/// The file in memory by which a worker and a container's first process understand each other.
class ContainerBox {
 public:
  /// With the environment of the program, as NAME=value, and the user that its first process has to
  /// become itself; 0: none.
  static Result<ContainerBox> create(const std::vector<std::string>& environment,
                                     std::uint32_t user = 0);
  const FileDescriptor& file() const { return file_; }
  /// What the first process has said by now.
  Result<WaybillBox> read() const;

 private:
  explicit ContainerBox(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

/// Writes the program of the first process, which is part of this binary, to a new file that can be
/// executed.
Status write_container_init(const std::string& path);

/// Lays out what both engines expect in the directory of an attempt: box, given and init.
Status prepare_attempt(const std::string& directory);

}  // namespace waybill
