#pragma once

#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// What a content is, by its bytes alone.
struct FileType {
  std::string media_type;   ///< `image/png`; `application/x-empty` for nothing
  std::string charset;      ///< `utf-8`, `binary`
  std::string description;  ///< for people, as file(1) says it

  bool operator==(const FileType&) const = default;
};

/// Tells what files are (libmagic, with the database of Debian's libmagic-mgc). Nothing is unpacked
/// or run: of each at most 1 MiB from its beginning is looked at. Not thread-safe.
class FileTypes {
 public:
  /// `failed_precondition` where there is no database.
  static Result<FileTypes> open();
  FileTypes(FileTypes&&) noexcept;
  FileTypes& operator=(FileTypes&&) noexcept;
  ~FileTypes();

  /// Of a file that is open at its beginning. `internal` where it cannot be told.
  Result<FileType> of(const FileDescriptor& file);

 private:
  struct Cookie;
  explicit FileTypes(std::unique_ptr<Cookie> cookie);

  std::unique_ptr<Cookie> cookie_;
};

}  // namespace waybill
