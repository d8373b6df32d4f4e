#include "adapters/file/read_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

#include "adapters/file/object_key.h"
#include "base/file_descriptor.h"

namespace waybill {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

enum class EntryType { object, directory, neither };

EntryType type_of(const Directory& directory, const dirent& entry) {
  if (entry.d_type == DT_REG) return EntryType::object;
  if (entry.d_type == DT_DIR) return EntryType::directory;
  if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return EntryType::neither;
  struct stat status {};
  const int fd = ::dirfd(directory.get());
  if (::fstatat(fd, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return EntryType::neither;
  if (S_ISDIR(status.st_mode)) return EntryType::directory;
  if (S_ISLNK(status.st_mode) && ::fstatat(fd, entry.d_name, &status, 0) != 0) {
    return EntryType::neither;
  }
  return S_ISREG(status.st_mode) ? EntryType::object : EntryType::neither;
}

/// Nothing, where there is no directory of this name.
Result<Directory> open_directory(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return Directory();
    return fail(system_error(errno, "listing directory " + path));
  }
  Directory directory(::fdopendir(fd.get()));
  if (!directory) return fail(system_error(errno, "listing directory " + path));
  fd.release();
  return directory;
}

}  // namespace

Result<DirectoryKeys> read_directory(const std::string& bucket, const std::string& prefix,
                                     const KeyRange& range) {
  DirectoryKeys keys;
  const std::optional<std::string> below = path_of_prefix(prefix);
  if (!below) return keys;
  const std::string path = bucket + "/" + *below;
  const Result<Directory> directory = open_directory(path);
  if (!directory) return fail(directory.error());
  if (!*directory) return keys;

  std::string key = prefix;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory->get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    key.resize(prefix.size());
    if (name.starts_with(kReservedNamePrefix)) {
      const std::optional<std::string> part = part_of_name(name);
      if (!part) continue;
      key += *part;
    } else {
      key += name;
    }
    const EntryType type = type_of(*directory, *entry);
    if (type == EntryType::neither) continue;
    if (type == EntryType::directory) key += '/';
    const bool wanted =
        type == EntryType::directory ? range.overlaps(key) : !key.empty() && range.contains(key);
    if (wanted) keys.add(std::string_view(key).substr(prefix.size()));
  }
  if (errno != 0) return fail(system_error(errno, "reading directory " + path));
  return keys;
}

}  // namespace waybill
