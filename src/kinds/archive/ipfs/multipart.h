#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "core/ipfs/unixfs.h"
#include "ports/http_streams.h"

namespace waybill::ipfs {

/// A file that goes to a node.
struct UploadFile {
  std::string name;  ///< a relative path with slashes
  std::int64_t size_bytes = 0;
  std::function<Result<FileDescriptor>()> open;
};

/// Files as multipart/form-data, read as they are sent, and what IPFS calls each computed on the
/// way. One file is open, and a buffer of it in memory.
class MultipartUpload final : public HttpUpload {
 public:
  /// `chunk_bytes` 0: nothing is computed. `progress`: bytes of files that were read.
  MultipartUpload(std::vector<UploadFile> files, std::string boundary, std::size_t chunk_bytes,
                  std::function<void(std::int64_t)> progress);

  std::int64_t size_bytes() const { return size_bytes_; }
  std::int64_t file_bytes() const { return file_bytes_; }
  std::string content_type() const;
  /// Whether all of it was read.
  bool is_over() const { return is_over_; }
  /// `aborted` where a file has not the size that was said.
  Result<std::size_t> read(std::span<char> room) override;
  /// When all was read: the file, or the directory of all that has the first part of their names;
  /// none where it was not computed, or is spread over several blocks.
  std::optional<Tree> root() const;

 private:
  std::string head_of(const UploadFile& file) const;
  Status begin_file();
  Result<std::size_t> read_file(std::span<char> room);
  Status end_file();

  const std::vector<UploadFile> files_;
  const std::string boundary_;
  const std::size_t chunk_bytes_;
  const std::function<void(std::int64_t)> progress_;
  std::int64_t size_bytes_ = 0;
  std::int64_t file_bytes_ = 0;
  std::int64_t read_bytes_ = 0;
  std::size_t next_ = 0;  // file to begin
  std::string text_;      // between files, not yet given
  bool is_over_ = false;
  FileDescriptor file_;
  std::int64_t left_ = 0;
  std::optional<FileTree> tree_;
  std::vector<DirectoryEntry> trees_;  // of files that were read
};

}  // namespace waybill::ipfs
