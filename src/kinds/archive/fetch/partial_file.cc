#include "kinds/archive/fetch/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/json.h"

namespace waybill {
namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 1 << 20;
/// So much is written between two times that it is put on disk.
constexpr std::int64_t kSyncEvery = std::int64_t{64} << 20;
constexpr std::int64_t kPartialKeptSeconds = 7 * 24 * 60 * 60;
constexpr std::string_view kPartialEnd = ".part";

std::string source_path(const std::string& path) { return path + ".json"; }

std::int64_t integer_in(const bj::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : -1;
}

std::string text_in(const bj::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Status write_small_file(const std::string& path, std::string_view text) {
  const std::string unfinished = path + ".new";
  const FileDescriptor file(
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.is_open()) return fail(system_error(errno, "making " + unfinished));
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || ::fdatasync(file.get()) != 0) {
    return fail(system_error(errno, "writing " + unfinished));
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) {
    return fail(system_error(errno, "renaming " + unfinished));
  }
  return {};
}

}  // namespace

PartialFile::PartialFile(std::string path, FileDescriptor file)
    : path_(std::move(path)), file_(std::move(file)), digest_(std::make_unique<Sha256>()) {}

PartialFile::~PartialFile() {
  if (!file_.is_open() || size_ == synced_) return;
  // Without it the next attempt has less to go on with, and no more than that.
  if (const Status kept = sync(); !kept) ::unlink(source_path(path_).c_str());
}

Result<PartialFile> PartialFile::open(const std::string& directory, const std::string& name) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail(system_error(error.value(), "making " + directory));
  const std::string path = directory + "/" + name + std::string(kPartialEnd);
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::unavailable, "an earlier attempt is still writing " + path);
  }
  PartialFile partial(path, std::move(file));
  partial.read_source();
  if (Status read = partial.digest_again(); !read) return fail(read.error());
  return partial;
}

void PartialFile::read_source() {
  std::ifstream file(source_path(path_));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return;
  const bj::object& object = value->get_object();
  source_ = {.url = text_in(object, "url"),
             .validator = text_in(object, "validator"),
             .total = integer_in(object, "total")};
  synced_ = integer_in(object, "synced");
}

/// What was not put on disk may be anything after a crash: it is cut off.
Status PartialFile::digest_again() {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return fail(system_error(errno, "looking at " + path_));
  const bool is_usable = synced_ > 0 && status.st_size >= synced_;
  if (!is_usable) {
    synced_ = 0;
    source_ = {};
  }
  if (::ftruncate(file_.get(), synced_) != 0) return fail(system_error(errno, "cutting " + path_));
  std::string buffer(kReadBytes, '\0');
  while (size_ < synced_) {
    const ssize_t got = ::pread(file_.get(), buffer.data(), buffer.size(), size_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(system_error(got < 0 ? errno : EIO, "reading " + path_));
    digest_->add({buffer.data(), static_cast<std::size_t>(got)});
    size_ += got;
  }
  return {};
}

Status PartialFile::restart(Source source) {
  if (::ftruncate(file_.get(), 0) != 0) return fail(system_error(errno, "emptying " + path_));
  source_ = std::move(source);
  size_ = synced_ = 0;
  digest_ = std::make_unique<Sha256>();
  finished_.clear();
  ::unlink(source_path(path_).c_str());
  return {};
}

Status PartialFile::append(std::string_view bytes) {
  digest_->add(bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), size_);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      // The digest knows bytes that the file lacks.
      if (Status emptied = restart({}); !emptied) return emptied;
      return fail(system_error(error, "writing " + path_));
    }
    size_ += written;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return size_ - synced_ >= kSyncEvery ? sync() : Status();
}

Status PartialFile::sync() {
  if (::fdatasync(file_.get()) != 0) return fail(system_error(errno, "syncing " + path_));
  const std::string text = json::serialize(bj::object{{"url", json::text(source_.url)},
                                                      {"validator", json::text(source_.validator)},
                                                      {"total", source_.total},
                                                      {"synced", size_}});
  if (Status written = write_small_file(source_path(path_), text); !written) return written;
  synced_ = size_;
  return {};
}

std::string PartialFile::sha256() {
  if (finished_.empty()) finished_ = to_hex(digest_->finish());
  return finished_;
}

Result<FileDescriptor> PartialFile::reader() const {
  FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path_));
  return file;
}

Result<std::int64_t> PartialFile::free_bytes() const {
  struct statvfs disk {};
  if (::fstatvfs(file_.get(), &disk) != 0) return fail(system_error(errno, "looking at the disk"));
  return static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
}

void PartialFile::remove() {
  ::unlink(source_path(path_).c_str());
  ::unlink(path_.c_str());
  file_ = FileDescriptor();
  size_ = synced_ = 0;
}

void sweep_partial_files(const std::string& directory, std::int64_t now_seconds) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    struct stat status {};
    const std::string path = entry.path().string();
    const bool is_ours = path.find(kPartialEnd) != path.npos;
    if (!is_ours || ::lstat(path.c_str(), &status) != 0) continue;
    if (status.st_mtim.tv_sec + kPartialKeptSeconds < now_seconds) ::unlink(path.c_str());
  }
}

}  // namespace waybill
