#include "adapters/file/object_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "adapters/file/file_io.h"
#include "adapters/file/object_key.h"

namespace waybill {

FileDescriptor open_below(const FileDescriptor& directory, const std::string& path) {
  return FileDescriptor(
      ::openat(directory.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<FileDescriptor> open_bucket(const std::string& directory) {
  FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.is_open()) return fd;
  if (errno == ENOENT) {
    return fail(Code::not_found, "bucket directory " + directory +
                                     " is missing; create it, or correct the bucket's URL");
  }
  return fail(system_error(errno, "opening bucket directory " + directory));
}

Error nested_key(const std::string& directory, const std::string& key) {
  return Error{.code = Code::failed_precondition,
               .message = "object '" + key + "' cannot be written to " + directory +
                          ": one object would have to be the directory of another"};
}

Result<ObjectPlace> make_place(const std::string& bucket, const std::string& key) {
  const Result<std::string> path = path_of_key(key);
  if (!path) return fail(path.error());
  Result<FileDescriptor> directory = open_bucket(bucket);
  if (!directory) return fail(directory.error());
  std::string_view rest = *path;
  for (std::size_t slash = rest.find('/'); slash != std::string_view::npos;
       slash = rest.find('/')) {
    const std::string name(rest.substr(0, slash));
    rest.remove_prefix(slash + 1);
    FileDescriptor next = open_below(*directory, name);
    if (!next.is_open() && errno == ENOENT) {
      if (::mkdirat(directory->get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
        return fail(system_error(errno, "making a directory for " + bucket + "/" + *path));
      }
      if (Status synced = sync(*directory, bucket); !synced) return fail(synced.error());
      next = open_below(*directory, name);
    }
    if (!next.is_open()) {
      if (errno == ENOTDIR) return fail(nested_key(bucket, key));
      return fail(system_error(errno, "opening the directory of " + bucket + "/" + *path));
    }
    *directory = std::move(next);
  }
  return ObjectPlace{.directory = std::move(*directory), .name = std::string(rest)};
}

}  // namespace waybill
