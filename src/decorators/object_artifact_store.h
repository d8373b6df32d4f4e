#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/work_slots.h"
#include "ports/artifact_store.h"
#include "ports/object_store.h"

namespace waybill {

/// Contents as the objects `artifacts/sha256/ab/cdef…` of a bucket. A bucket takes and gives whole
/// objects only, so a content is in memory while it is put or opened: it may have 64 MiB, and four
/// are at once. What was opened is in a nameless file on disk, and the last four are opened again
/// from there. Each put sends it again, also if it is there: that is what makes it new.
/// Thread-safe.
class ObjectArtifactStore final : public ArtifactStore {
 public:
  /// `room` is a directory for what is open; empty, or a file system that cannot: memory.
  explicit ObjectArtifactStore(std::shared_ptr<ObjectStore> bucket, std::string room = "")
      : bucket_(std::move(bucket)), room_(std::move(room)) {}

  std::int64_t bytes_max() const override { return std::int64_t{64} << 20; }
  Result<ArtifactContent> put(const FileDescriptor& file) override;
  using ArtifactStore::open;
  using ArtifactStore::size_bytes;
  Result<FileDescriptor> open(const std::string& sha256, IfBusy if_busy) override;
  Result<std::int64_t> size_bytes(const std::string& sha256, IfBusy if_busy) override;
  Status remove(const std::string& sha256, Time not_put_after) override;
  Result<KeptContents> kept(const std::string& cursor) override;
  Result<StoreOwner> owner() override;
  Status set_owner(const std::string& text, SetOwner how) override;

 private:
  /// `not_found` if it is not there.
  Result<ObjectInfo> look(const std::string& sha256);

  Result<FileDescriptor> get(const std::string& sha256);
  /// Not open: it is not among the last ones.
  Result<FileDescriptor> opened_before(const std::string& sha256) EXCLUDES(mutex_);
  void forget(const std::string& sha256) EXCLUDES(mutex_);

  const std::shared_ptr<ObjectStore> bucket_;  // shared with whoever else works on the bucket
  const std::string room_;
  WorkSlots transfers_{4};
  std::atomic<std::uint64_t> puts_ = 0;
  struct Opened {
    std::string sha256;
    std::shared_ptr<const FileDescriptor> file;  // shared with who just opens it again
  };
  Mutex mutex_;
  std::deque<Opened> opened_ GUARDED_BY(mutex_);  // the last ones, the newest at the end
};

}  // namespace waybill
