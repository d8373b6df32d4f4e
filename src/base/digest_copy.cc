#include "base/digest_copy.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/digest.h"

namespace waybill {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;

/// Calls `take` with each piece of a file.
template <class Take>
Result<FileDigest> read_pieces(const FileDescriptor& file, const std::string& what,
                               const Take& take) {
  Sha256 digest;
  std::string piece(kPieceBytes, '\0');
  off_t read = 0;
  for (;;) {
    const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), read);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + what));
    if (got == 0) return FileDigest{.sha256 = to_hex(digest.finish()), .size_bytes = read};
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    digest.add(bytes);
    if (Status taken = take(bytes); !taken) return fail(taken.error());
    read += got;
  }
}

Status write_piece(const FileDescriptor& to, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(to.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing " + what));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<FileDigest> digest_of(const FileDescriptor& file, const std::string& what) {
  return read_pieces(file, what, [](std::string_view) { return Status(); });
}

Result<FileDigest> copy_with_digest(const FileDescriptor& from, const FileDescriptor& to,
                                    const std::string& what) {
  return read_pieces(from, what,
                     [&](std::string_view bytes) { return write_piece(to, bytes, what); });
}

}  // namespace waybill
