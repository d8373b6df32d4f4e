#include "adapters/file/store_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "adapters/file/file_io.h"

namespace waybill {

FileDescriptor open_subdirectory(const FileDescriptor& parent, const std::string& name) {
  return FileDescriptor(
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Result<FileDescriptor> subdirectory(const FileDescriptor& parent, const std::string& name,
                                    const std::string& path, bool make) {
  FileDescriptor opened = open_subdirectory(parent, name);
  if (!opened.is_open() && errno == ENOENT && make) {
    if (::mkdirat(parent.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail(system_error(errno, "making " + path));
    }
    opened = open_subdirectory(parent, name);
  }
  if (opened.is_open()) return opened;
  if (errno == ELOOP || errno == ENOTDIR) {
    return fail(Code::data_loss, path + " is no directory; something else was put in its place");
  }
  return fail(system_error(errno, "opening " + path));
}

Result<FileDescriptor> root_directory(const std::string& path, bool make) {
  if (make && ::mkdir(path.c_str(), 0700) == 0) {
    if (Status synced = sync_directory_of(path); !synced) return fail(synced.error());
  }
  FileDescriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.is_open()) return root;
  return fail(system_error(errno, "opening the artifacts in " + path));
}

Status set_times(const FileDescriptor& file, Time now, const std::string& what) {
  const std::int64_t micros = to_micros(now);
  const timespec at{.tv_sec = micros / 1'000'000, .tv_nsec = micros % 1'000'000 * 1000};
  const std::array<timespec, 2> times{at, at};
  if (::futimens(file.get(), times.data()) == 0) return {};
  return fail(system_error(errno, "setting the time of " + what));
}

}  // namespace waybill
