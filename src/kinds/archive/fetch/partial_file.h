#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// A download under way, on disk: what has come of it outlives the attempt, so that another one can
/// go on. Only one at a time has it.
class PartialFile {
 public:
  /// Of which content it is a beginning.
  struct Source {
    std::string url;          ///< that was asked
    std::string validator;    ///< a strong ETag or a Last-Modified; empty: none
    std::int64_t total = -1;  ///< bytes of the whole; -1: not known
    bool operator==(const Source&) const = default;
  };

  /// Opens `directory`/`name`.part, or makes it. What came of it before and was put on disk is
  /// kept, and read once for its digest. `unavailable` while another one has it.
  static Result<PartialFile> open(const std::string& directory, const std::string& name);
  PartialFile(PartialFile&&) noexcept = default;
  PartialFile& operator=(PartialFile&&) noexcept = default;
  /// Puts what has come on disk, for the next attempt.
  ~PartialFile();

  const Source& source() const { return source_; }
  std::int64_t size_bytes() const { return size_; }
  const std::string& path() const { return path_; }

  /// Empties it: what comes is of this source.
  Status restart(Source source);
  Status append(std::string_view bytes);
  /// 64 hexadecimal digits, of all that is in it. Nothing may be appended after that.
  std::string sha256();
  /// Puts all of it on disk, with what it is a beginning of.
  Status sync();
  /// For reading, at its beginning.
  Result<FileDescriptor> reader() const;
  /// What else would fit on its disk.
  Result<std::int64_t> free_bytes() const;
  /// It is needed no more.
  void remove();

 private:
  PartialFile(std::string path, FileDescriptor file);
  void read_source();
  Status digest_again();

  std::string path_;
  FileDescriptor file_;
  Source source_;
  std::int64_t size_ = 0;
  std::int64_t synced_ = 0;
  std::unique_ptr<Sha256> digest_;
  std::string finished_;
};

/// Removes downloads in `directory` that nobody has gone on with for a week.
void sweep_partial_files(const std::string& directory, std::int64_t now_seconds);

}  // namespace waybill
