#include "base/free_space.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

namespace waybill {
namespace {

constexpr std::int64_t kLeftFree = std::int64_t{128} << 20;

std::string in_mebibytes(std::int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

Status require_free_space(const FileDescriptor& directory, std::int64_t bytes,
                          const std::string& what) {
  struct statvfs status {};
  if (::fstatvfs(directory.get(), &status) != 0) {
    return fail(system_error(errno, "looking for room for " + what));
  }
  const auto block = static_cast<std::int64_t>(status.f_frsize);
  const std::int64_t free = static_cast<std::int64_t>(status.f_bavail) * block;
  const std::int64_t left =
      std::min(kLeftFree, static_cast<std::int64_t>(status.f_blocks) * block / 20);
  if (bytes <= free && free - bytes >= left) return {};
  return fail(system_error(ENOSPC, "keeping " + what + " of " + in_mebibytes(bytes) + ", with " +
                                       in_mebibytes(left) + " left for the ledger"));
}

}  // namespace waybill
