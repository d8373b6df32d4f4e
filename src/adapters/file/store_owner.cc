#include "adapters/file/store_owner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "adapters/file/file_io.h"

namespace waybill {
namespace {

constexpr std::size_t kOwnerBytes = 1000;

std::string owner_path(const std::string& directory) { return directory + "/ledger"; }

/// An error number, 0 if the written file has its name now.
int name_owner(const std::string& unfinished, const std::string& path, SetOwner how) {
  if (how == SetOwner::replace) {
    return std::rename(unfinished.c_str(), path.c_str()) == 0 ? 0 : errno;
  }
  // Unlike rename, link never replaces.
  const int failed = ::link(unfinished.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(unfinished.c_str());
  return failed;
}

}  // namespace

Result<StoreOwner> read_store_owner(const std::string& directory) {
  StoreOwner owner{.text = "", .place = "the file " + owner_path(directory)};
  const FileDescriptor file(
      ::open(owner_path(directory).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return owner;
  if (!file.is_open()) return fail(system_error(errno, "reading " + owner_path(directory)));
  auto text = read_all(file, kOwnerBytes, owner_path(directory));
  if (!text) return fail(text.error());
  owner.text = std::move(*text);
  return owner;
}

Status write_store_owner(const std::string& directory, const std::string& text, SetOwner how) {
  const std::string path = owner_path(directory);
  std::string unfinished = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(unfinished.data(), O_CLOEXEC));
  if (!file.is_open()) return fail(system_error(errno, "making " + unfinished));
  Status written = write_all(file, text, unfinished);
  if (written) written = sync(file, unfinished);
  if (!written) {
    ::unlink(unfinished.c_str());
    return written;
  }
  const int failed = name_owner(unfinished, path, how);
  if (failed == EEXIST) return fail(Code::already_exists, path + " is there already");
  if (failed != 0) return fail(system_error(failed, "writing " + path));
  return sync_directory_of(path);
}

}  // namespace waybill
