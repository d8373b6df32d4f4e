#include "kinds/command/container_engine.h"

#include <sys/stat.h>

#include <cerrno>

namespace waybill {

Status make_open_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail(system_error(errno, "making " + path));
  }
  if (::chmod(path.c_str(), 0755) == 0) return {};
  return fail(system_error(errno, "opening up " + path));
}

std::string scratch_options(std::int64_t bytes) {
  // A file of no bytes takes memory too.
  return "tmpfs_options=mode=0755,size=" + std::to_string(bytes) +
         ",nr_inodes=" + std::to_string(1024 + bytes / 4096);
}

}  // namespace waybill
