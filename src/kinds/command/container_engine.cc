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

}  // namespace waybill
