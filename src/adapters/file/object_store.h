#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "ports/object_store.h"

namespace waybill {

class Clock;
class FileDescriptor;
class KeyWalk;
class Leftovers;

struct FileObjectStoreOptions {
  std::size_t page_objects_max = 10'000;  ///< objects and folded prefixes together
  Clock* clock = nullptr;  ///< tells how old a file is; null: what killed writers left stays
  /// Counts directories that nobody may read and that are left out; may be null.
  std::atomic<std::int64_t>* unreadable = nullptr;
};

/// A directory as a bucket; object_key.h says where each key lies. Writes are on disk when they
/// return: a new file is written and synced beside its place, then put there by one rename or link,
/// and the directory is synced. Directories that hold no object are not seen. Symbolic links to
/// files are objects, those to directories are not followed. "a" and "a/b" cannot both be there:
/// `failed_precondition`. A directory that is missing is `not_found` and is never made. A write
/// also removes half-written files that killed writers have left in its directory more than a day
/// ago. A directory that nobody may read fails the listings of its keys. Where they are only folded
/// it is left out, with a warning in the log, and its prefix given: nobody can tell whether it is
/// empty. Only the file system's own `lost+found` is none.
class FileObjectStore final : public ObjectStore {
 public:
  explicit FileObjectStore(std::string directory, const FileObjectStoreOptions& options = {});
  ~FileObjectStore() override;

  ObjectStoreCaps caps() const override { return {.conditional_put = true, .nested_keys = false}; }
  std::string url() const override;
  Result<ListPage> list(const ListParams& params) override;
  Result<std::string> get(const std::string& key) override;
  Status put(const std::string& key, std::string_view body) override;
  Status put_if_absent(const std::string& key, std::string_view body) override;
  Status remove(const std::string& key) override;

 private:
  /// A listing between two pages. Going on with it spares the directories that were read for the
  /// last page from being read and sorted again.
  struct Paused {
    ListParams params;  // of the page to come
    std::unique_ptr<KeyWalk> walk;
  };
  enum class Replace : std::uint8_t { yes, no };

  void tell_unreadable(KeyWalk& walk) const;
  std::unique_ptr<KeyWalk> walk_for(const ListParams& params);
  void pause(ListParams params, std::unique_ptr<KeyWalk> walk);
  Status write(const std::string& key, std::string_view body, Replace replace);
  Result<std::string> write_unfinished(const FileDescriptor& directory, std::string_view body);

  const std::string directory_;
  const FileObjectStoreOptions options_;
  const std::unique_ptr<Leftovers> leftovers_;  // null without a clock
  std::atomic<std::uint64_t> unfinished_{0};    // for names of files that are being written
  Mutex mutex_;
  std::vector<Paused> paused_ GUARDED_BY(mutex_);  // oldest first
};

}  // namespace waybill
