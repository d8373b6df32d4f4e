#include "adapters/file/scratch_space.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "adapters/file/file_io.h"
#include "base/log.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kLockSuffix = ".lock";

/// Lets the owner into every directory, which a program may have forbidden.
void unlock_tree(const std::string& directory) {
  std::error_code ignored;  // what can't be changed shows when it can't be removed
  fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add, ignored);
  fs::recursive_directory_iterator entry(directory, fs::directory_options::skip_permission_denied,
                                         ignored);
  for (; entry != fs::recursive_directory_iterator(); entry.increment(ignored)) {
    if (!entry->is_directory(ignored) || entry->is_symlink(ignored)) continue;
    fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
  }
}

Status remove_tree(const std::string& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (error == std::errc::permission_denied) {
    unlock_tree(directory);
    fs::remove_all(directory, error);
  }
  if (error) return fail(system_error(error.value(), "removing " + directory));
  return {};
}

/// The lock of a worker; not open when another process has it.
Result<FileDescriptor> try_lock(const std::string& path) {
  for (;;) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!file.is_open()) return fail(system_error(errno, "opening " + path));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return FileDescriptor();
      return fail(system_error(errno, "locking " + path));
    }
    if (is_named(file, path)) return file;  // else it was removed between open and lock
  }
}

/// What dead workers have left: their locks are free.
Status sweep(const std::string& root) {
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!path.ends_with(kLockSuffix)) continue;
    const auto lock = try_lock(path);
    if (!lock) return fail(lock.error());
    if (!lock->is_open()) continue;
    const std::string directory = path.substr(0, path.size() - kLockSuffix.size());
    if (const Status removed = remove_tree(directory); !removed) {
      log::warn("scratch_not_removed", removed.error().message, {{"directory", directory}});
      continue;
    }
    ::unlink(path.c_str());
    log::info("scratch_swept", "removed what a dead worker left", {{"directory", directory}});
  }
  if (error) return fail(system_error(error.value(), "listing " + root));
  return {};
}

}  // namespace

Result<std::unique_ptr<FileScratchSpace>> FileScratchSpace::open(const std::string& root,
                                                                 const std::string& worker) {
  std::error_code error;
  fs::create_directories(root, error);
  if (error) return fail(system_error(error.value(), "making " + root));
  const std::string directory = fs::absolute(root).string() + "/" + worker;
  auto lock = try_lock(directory + std::string(kLockSuffix));
  if (!lock) return fail(lock.error());
  if (!lock->is_open()) {
    return fail(Code::already_exists,
                "a worker named " + worker + " already uses " + root + "; give each its own name");
  }
  if (const Status swept = sweep(root); !swept) return fail(swept.error());
  if (::mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) {
    return fail(system_error(errno, "making " + directory));
  }
  return std::make_unique<FileScratchSpace>(directory, std::move(*lock));
}

FileScratchSpace::~FileScratchSpace() {
  if (const Status removed = remove_tree(directory_); !removed) {
    log::warn("scratch_not_removed", removed.error().message, {{"directory", directory_}});
    return;
  }
  ::unlink((directory_ + std::string(kLockSuffix)).c_str());
}

Result<std::string> FileScratchSpace::create(const Uuid& task, std::uint32_t attempt) {
  std::string path = directory_ + "/" + to_string(task) + "." + std::to_string(attempt);
  if (::mkdir(path.c_str(), 0700) != 0) return fail(system_error(errno, "making " + path));
  return path;
}

Status FileScratchSpace::remove(const std::string& directory) { return remove_tree(directory); }

}  // namespace waybill
