#pragma once

#include <map>
#include <string>

#include "base/mutex.h"
#include "ports/upload_spool.h"

namespace waybill {

/// Pieces in memory; none goes by itself. Thread-safe.
class FakeUploadSpool final : public UploadSpool {
 public:
  Result<std::int64_t> add(const std::string& name, std::int64_t offset,
                           std::string_view bytes) override;
  Result<FileDescriptor> open(const std::string& name) override;
  Status remove(const std::string& name) override;
  Status sweep() override;

  std::size_t size() const;
  int sweeps() const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::string> came_ GUARDED_BY(mutex_);
  int sweeps_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill
