#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/work_slots.h"
#include "ports/artifact_store.h"
#include "ports/clock.h"

struct stat;

namespace waybill {

/// Contents in a directory: DIRECTORY/sha256/ab/cdef…, a file for each, which its owner alone may
/// read and nobody may write. A content is written to DIRECTORY/unfinished first, synced, and then
/// renamed. What others put in the way (links, directories, files of other kinds) is never
/// followed: it is `data_loss`. Contents are read once for each process that opens or looks at them
/// without having put them, and again when the file looks changed, to see that they are what their
/// names say: a few at once, and each by one. What is put leaves room on the disk, as
/// require_free_space says. Thread-safe.
class FileArtifactStore final : public ArtifactStore {
 public:
  /// The directory is made when the first content is. The clock outlives the store.
  FileArtifactStore(std::string directory, Clock& clock)
      : directory_(std::move(directory)), clock_(clock) {}

  std::int64_t bytes_max() const override { return std::int64_t{1} << 62; }
  Result<ArtifactContent> put(const FileDescriptor& file) override;
  /// Many files are brought to the disk by two syncfs() in place of two fsync() for each: contents
  /// first, then their names. Files that may be taken are renamed, where they can be (same file
  /// system and mount). An error of the disk is seen from Linux 5.8 on.
  Result<std::vector<ArtifactContent>> put_all(std::span<const ArtifactFile> files,
                                               const std::stop_token& stop) override;
  using ArtifactStore::open;
  using ArtifactStore::size_bytes;
  Result<FileDescriptor> open(const std::string& sha256, IfBusy if_busy) override;
  Result<std::int64_t> size_bytes(const std::string& sha256, IfBusy if_busy) override;
  Status remove(const std::string& sha256, Time not_put_after) override;
  /// At the beginning also removes what killed writers have left unfinished for a day.
  Result<KeptContents> kept(const std::string& cursor) override;
  /// DIRECTORY/ledger.
  Result<StoreOwner> owner() override;
  Status set_owner(const std::string& text, SetOwner how) override;

 private:
  friend class ArtifactBatch;
  /// What a file looked like when it was read, or written.
  struct Looks {
    std::int64_t inode = 0;
    std::int64_t size_bytes = 0;
    std::int64_t changed_at = 0;  // nanoseconds

    bool operator==(const Looks&) const = default;
  };
  struct Seen {
    Looks looks;
    bool is_whole = false;
  };

  Result<FileDescriptor> directory_of(const std::string& sha256) const;
  Result<FileDescriptor> make_directory_of(const std::string& sha256);
  Status sync_once(const FileDescriptor& parent, const std::string& path);
  Status place(const FileDescriptor& written, const std::string& unfinished,
               const ArtifactContent& content);
  /// Whether the content is there, and counts as put now.
  bool renew(const FileDescriptor& directory, const std::string& sha256,
             IfBusy if_busy = IfBusy::refuse);
  Status check(const FileDescriptor& file, const std::string& sha256, IfBusy if_busy);
  std::optional<bool> known(const std::string& sha256, const Looks& looks);
  void remember(const FileDescriptor& file, const std::string& sha256);
  void note(const std::string& sha256, const Seen& seen);
  static Looks looks_of(const struct stat& status);
  Error damaged(const std::string& sha256) const;
  void sweep_unfinished();

  const std::string directory_;
  Clock& clock_;
  WorkSlots reading_{4};
  std::atomic<int> removals_ = 0;
  Mutex mutex_;
  std::map<std::string, Seen> seen_ GUARDED_BY(mutex_);    // by SHA-256
  std::deque<std::string> seen_order_ GUARDED_BY(mutex_);  // the same, the longest known first
  std::set<std::string> synced_ GUARDED_BY(mutex_);        // directories, in those they are in
};

}  // namespace waybill
