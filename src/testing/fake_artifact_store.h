#pragma once

#include <map>
#include <string>

#include "base/mutex.h"
#include "ports/artifact_store.h"
#include "ports/clock.h"

namespace waybill {

/// Contents in memory. Thread-safe; the clock outlives it.
class FakeArtifactStore final : public ArtifactStore {
 public:
  explicit FakeArtifactStore(Clock& clock) : clock_(clock) {}

  std::int64_t bytes_max() const override { return std::int64_t{1} << 40; }
  Result<ArtifactContent> put(const FileDescriptor& file) override;
  using ArtifactStore::open;
  using ArtifactStore::size_bytes;
  Result<FileDescriptor> open(const std::string& sha256, IfBusy if_busy) override;
  Result<std::int64_t> size_bytes(const std::string& sha256, IfBusy if_busy) override;
  Status remove(const std::string& sha256, Time not_put_after) override;
  Result<KeptContents> kept(const std::string& cursor) override;
  Result<StoreOwner> owner() override;
  Status set_owner(const std::string& text, SetOwner how) override;

  /// A file in memory that holds these bytes.
  static FileDescriptor file_of(std::string_view bytes);
  static std::string bytes_of(const FileDescriptor& file);

 private:
  struct Kept {
    std::string bytes;
    Time kept_at{};
  };
  Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Kept> kept_ GUARDED_BY(mutex_);  // by SHA-256
  std::string owner_ GUARDED_BY(mutex_);
};

}  // namespace waybill
