#pragma once

#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "ports/scratch_space.h"

namespace waybill {

/// Scratch directories of one worker: ROOT/WORKER/TASK.ATTEMPT. ROOT/WORKER.lock is locked while
/// the worker lives; what workers that are gone have left in ROOT is removed on opening.
/// Thread-safe.
class FileScratchSpace final : public ScratchSpace {
 public:
  /// `worker` is unique among those that use the root. `already_exists` if it is locked.
  static Result<std::unique_ptr<FileScratchSpace>> open(const std::string& root,
                                                        const std::string& worker);
  /// For open(), which holds the lock.
  FileScratchSpace(std::string directory, FileDescriptor lock)
      : directory_(std::move(directory)), lock_(std::move(lock)) {}
  /// Removes all of this worker's.
  ~FileScratchSpace() override;
  FileScratchSpace(const FileScratchSpace&) = delete;
  FileScratchSpace& operator=(const FileScratchSpace&) = delete;

  Result<std::string> create(const Uuid& task, std::uint32_t attempt) override;
  Status remove(const std::string& directory) override;

 private:
  const std::string directory_;
  const FileDescriptor lock_;
};

}  // namespace waybill
