#include "base/file_stamp.h"

#include <sys/stat.h>

namespace waybill {

FileStamp stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {.device = static_cast<std::int64_t>(found.st_dev),
          .inode = static_cast<std::int64_t>(found.st_ino),
          .bytes = found.st_size,
          .changed_ns = found.st_ctim.tv_sec * 1'000'000'000 + found.st_ctim.tv_nsec};
}

}  // namespace waybill
