#pragma once

#include <string>

#include "ports/clock.h"
#include "ports/upload_spool.h"

namespace waybill {

/// Pieces in a directory, a file for each name. Thread-safe.
class FileUploadSpool final : public UploadSpool {
 public:
  /// The directory, and the one that it is in, are made when the first piece comes. The clock
  /// outlives the spool.
  FileUploadSpool(std::string directory, Clock& clock)
      : directory_(std::move(directory)), clock_(clock) {}

  Result<std::int64_t> add(const std::string& name, std::int64_t offset,
                           std::string_view bytes) override;
  Result<FileDescriptor> open(const std::string& name) override;
  Status remove(const std::string& name) override;
  Status sweep() override;

 private:
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }
  Status prepare();

  const std::string directory_;
  Clock& clock_;
};

}  // namespace waybill
