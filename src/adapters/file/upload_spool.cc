#include "adapters/file/upload_spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "adapters/file/file_io.h"
#include "base/free_space.h"
#include "base/log.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

constexpr Duration kStaleUpload = std::chrono::hours(24);

Status check_name(const std::string& name) {
  const bool fits = !name.empty() && name[0] != '.' && name.size() <= 200 &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == name.npos;
  if (fits) return {};
  return fail(Code::invalid_argument, "no name of an upload");
}

/// Writes where it begins, so that two that send the same piece at once do no harm.
Status write_at(const FileDescriptor& file, std::string_view bytes, std::int64_t offset,
                const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing " + path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return {};
}

}  // namespace

Status FileUploadSpool::prepare() {
  const std::string parent = fs::path(directory_).parent_path().string();
  for (const std::string& path : {parent, directory_}) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail(system_error(errno, "making " + path));
    }
  }
  return {};
}

Result<std::int64_t> FileUploadSpool::add(const std::string& name, std::int64_t offset,
                                          std::string_view bytes) {
  if (Status named = check_name(name); !named) return fail(named.error());
  if (Status prepared = prepare(); !prepared) return fail(prepared.error());
  const std::string path = path_of(name);
  const int anew = offset == 0 ? O_CREAT | O_TRUNC : 0;
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | anew, 0600));
  if (!file.is_open() && errno == ENOENT) return 0;
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(errno, "looking at " + path));
  if (status.st_size != offset) return status.st_size;
  const Status room =
      require_free_space(file, static_cast<std::int64_t>(bytes.size()), "a piece in " + directory_);
  if (!room) return fail(room.error());
  if (Status written = write_at(file, bytes, offset, path); !written) {
    // What is there of this piece is cut off, so that the next one begins where this one did.
    if (::ftruncate(file.get(), offset) != 0) ::unlink(path.c_str());
    return fail(written.error());
  }
  return offset + static_cast<std::int64_t>(bytes.size());
}

Result<FileDescriptor> FileUploadSpool::open(const std::string& name) {
  if (Status named = check_name(name); !named) return fail(named.error());
  FileDescriptor file(::open(path_of(name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file.is_open()) return file;
  return fail(system_error(errno, "opening " + path_of(name)));
}

Status FileUploadSpool::remove(const std::string& name) {
  if (Status named = check_name(name); !named) return fail(named.error());
  if (::unlink(path_of(name).c_str()) == 0 || errno == ENOENT) return {};
  return fail(system_error(errno, "removing " + path_of(name)));
}

Status FileUploadSpool::sweep() {
  const Time now = clock_.now();
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status {};
    const std::string path = entry->path().string();
    if (::lstat(path.c_str(), &status) != 0) continue;
    const Time written = from_micros(status.st_mtim.tv_sec * 1'000'000);
    if (now - written < kStaleUpload || ::unlink(path.c_str()) == 0) continue;
    log::warn("upload_leftover", system_error(errno, "removing " + path).message);
  }
  if (!error || error == std::errc::no_such_file_or_directory) return {};
  return fail(system_error(error.value(), "looking through " + directory_));
}

}  // namespace waybill
