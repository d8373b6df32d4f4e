#include "adapters/file/object_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "adapters/file/file_io.h"
#include "adapters/file/file_url.h"
#include "adapters/file/key_walk.h"
#include "adapters/file/leftovers.h"
#include "adapters/file/object_file.h"
#include "adapters/file/object_key.h"
#include "adapters/file/read_directory.h"
#include "base/file_descriptor.h"
#include "base/log.h"

namespace waybill {
namespace {

// More than the scans that one process runs at a time.
constexpr std::size_t kPausedMax = 8;

Error no_object(const std::string& directory, const std::string& key) {
  return Error{.code = Code::not_found, .message = "no object '" + key + "' in " + directory};
}

Time modified_at(const struct stat& status) {
  return Time(
      std::chrono::duration_cast<Duration>(std::chrono::seconds(status.st_mtim.tv_sec) +
                                           std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

/// Looks at objects in the order of their keys. What takes most of the time is the way to a file:
/// from the bucket it leads through each of its directories, from its own there is none.
class Describer {
 public:
  explicit Describer(const FileDescriptor& bucket) : bucket_(bucket) {}

  /// Fills in size and time; false if the object is gone.
  bool describe(ObjectInfo& object) {
    const std::string_view key = object.key;
    if (key.size() > kKeyBytesMax) return false;
    const std::size_t parent = key.rfind('/') + 1;  // 0: none
    if (key.substr(0, parent) != parent_) enter(key.substr(0, parent));
    if (!path_) return false;
    const std::string name = name_of_part(key.substr(parent));
    struct stat status {};
    const int failed = directory_.is_open()
                           ? ::fstatat(directory_.get(), name.c_str(), &status, 0)
                           : ::fstatat(bucket_.get(), (*path_ + name).c_str(), &status, 0);
    if (failed != 0) return false;
    object.size_bytes = static_cast<std::uint64_t>(status.st_size);
    object.modified_at = modified_at(status);
    return true;
  }

 private:
  void enter(std::string_view parent) {
    parent_ = parent;
    path_ = std::string();
    directory_ = FileDescriptor();
    if (parent.empty()) return;
    path_ = path_of_prefix(parent);
    if (!path_) return;
    *path_ += '/';
    // Where none can be opened, for want of descriptors, the longer way remains.
    directory_ =
        FileDescriptor(::openat(bucket_.get(), path_->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  const FileDescriptor& bucket_;
  std::string parent_;                              // of keys
  std::optional<std::string> path_{std::in_place};  // its directory, below the bucket's
  FileDescriptor directory_;                        // the same; closed for the bucket's own
};

}  // namespace

FileObjectStore::FileObjectStore(std::string directory, const FileObjectStoreOptions& options)
    : directory_(std::move(directory)),
      options_(options),
      leftovers_(options.clock == nullptr ? nullptr : std::make_unique<Leftovers>(*options.clock)) {
}

FileObjectStore::~FileObjectStore() = default;

std::string FileObjectStore::url() const { return to_file_url(directory_); }

Result<ListPage> FileObjectStore::list(const ListParams& params) {
  const Result<FileDescriptor> bucket = open_bucket(directory_);
  if (!bucket) return fail(bucket.error());
  std::unique_ptr<KeyWalk> walk = walk_for(params);
  Describer describer(*bucket);
  ListPage page;
  while (page.objects.size() + page.prefixes.size() < options_.page_objects_max) {
    Result<std::optional<KeyWalk::Found>> found = walk->next();
    tell_unreadable(*walk);
    if (!found) return fail(found.error());
    if (!*found) return page;
    if ((*found)->folded) {
      page.prefixes.push_back(std::move((*found)->name));
      continue;
    }
    ObjectInfo object{.key = std::move((*found)->name)};
    if (params.detail == ListDetail::keys_only || describer.describe(object)) {
      page.objects.push_back(std::move(object));
    }
  }
  page.next_token = walk->position();
  ListParams rest = params;
  rest.token = page.next_token;
  pause(std::move(rest), std::move(walk));
  return page;
}

void FileObjectStore::tell_unreadable(KeyWalk& walk) const {
  for (const std::string& what : walk.take_unreadable()) {
    log::warn("unreadable",
              "a directory of a bucket cannot be read and is left out: make it readable, or move "
              "it elsewhere",
              {{"error", what}});
    if (options_.unreadable != nullptr) ++*options_.unreadable;
  }
}

std::unique_ptr<KeyWalk> FileObjectStore::walk_for(const ListParams& params) {
  if (!params.token.empty()) {
    const Lock lock(mutex_);
    const auto found = std::find_if(paused_.begin(), paused_.end(),
                                    [&](const Paused& paused) { return paused.params == params; });
    if (found != paused_.end()) {
      std::unique_ptr<KeyWalk> walk = std::move(found->walk);
      paused_.erase(found);
      return walk;
    }
  }
  // The smallest key greater than k is k and a zero byte.
  const std::string after = params.start_after.empty() ? std::string() : params.start_after + '\0';
  return std::make_unique<KeyWalk>(
      KeyWalk::Params{.prefix = params.prefix,
                      .delimiter = params.delimiter,
                      .range = {.from = std::max(after, params.token), .to = params.end_before}},
      [bucket = directory_](const std::string& prefix, const KeyRange& range) {
        return read_directory(bucket, prefix, range);
      });
}

void FileObjectStore::pause(ListParams params, std::unique_ptr<KeyWalk> walk) {
  if (params.token.empty()) return;  // nothing can come after the last folded prefix
  const Lock lock(mutex_);
  if (paused_.size() == kPausedMax) paused_.erase(paused_.begin());
  paused_.push_back({.params = std::move(params), .walk = std::move(walk)});
}

Result<std::string> FileObjectStore::get(const std::string& key) {
  const Result<std::string> path = path_of_key(key);
  if (!path) return fail(path.error());
  const Result<FileDescriptor> bucket = open_bucket(directory_);
  if (!bucket) return fail(bucket.error());
  // Not blocking, because opening a named pipe would wait for its writer.
  const FileDescriptor file(
      ::openat(bucket->get(), path->c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return fail(no_object(directory_, key));
    return fail(system_error(errno, "opening " + directory_ + "/" + *path));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(no_object(directory_, key));
  }
  return read_all(file, static_cast<std::size_t>(status.st_size), directory_ + "/" + *path);
}

Status FileObjectStore::put(const std::string& key, std::string_view body) {
  return write(key, body, Replace::yes);
}

Status FileObjectStore::put_if_absent(const std::string& key, std::string_view body) {
  return write(key, body, Replace::no);
}

Status FileObjectStore::write(const std::string& key, std::string_view body, Replace replace) {
  const Result<ObjectPlace> place = make_place(directory_, key);
  if (!place) return fail(place.error());
  const int fd = place->directory.get();
  const char* name = place->name.c_str();
  struct stat status {};
  const bool is_there = ::fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (is_there && S_ISDIR(status.st_mode)) return fail(nested_key(directory_, key));
  const auto taken = [&] {
    return fail(Code::already_exists, "there is an object '" + key + "' in " + directory_);
  };
  if (is_there && replace == Replace::no) return taken();

  if (leftovers_) leftovers_->sweep(place->directory, "that of '" + key + "' in " + directory_);
  const Result<std::string> unfinished = write_unfinished(place->directory, body);
  if (!unfinished) return fail(with_context(unfinished.error(), "writing object '" + key + "'"));
  int failed = 0;
  if (replace == Replace::yes) {
    if (::renameat(fd, unfinished->c_str(), fd, name) != 0) failed = errno;
  } else if (::linkat(fd, unfinished->c_str(), fd, name, 0) != 0) {
    // Unlike rename, link never replaces: of rivals one wins, on every file system.
    failed = errno;
  }
  if (replace == Replace::no || failed != 0) ::unlinkat(fd, unfinished->c_str(), 0);
  if (failed == EEXIST && replace == Replace::no) return taken();
  if (failed != 0) {
    return fail(system_error(failed, "putting object '" + key + "' into " + directory_));
  }
  return sync(place->directory, "the directory of object '" + key + "' in " + directory_);
}

Result<std::string> FileObjectStore::write_unfinished(const FileDescriptor& directory,
                                                      std::string_view body) {
  for (;;) {
    std::string name(kUnfinishedPrefix);
    name += std::to_string(::getpid()) + "-" + std::to_string(++unfinished_);
    const FileDescriptor file(
        ::openat(directory.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    // Left by a process of the same number that was killed.
    if (!file.is_open() && errno == EEXIST) continue;
    if (!file.is_open()) return fail(system_error(errno, "making a file in " + directory_));
    Status written = write_all(file, body, directory_ + "/…/" + name);
    if (written) written = sync(file, name);
    if (written) return name;
    ::unlinkat(directory.get(), name.c_str(), 0);
    return fail(written.error());
  }
}

Status FileObjectStore::remove(const std::string& key) {
  const Result<std::string> path = path_of_key(key);
  if (!path) return fail(path.error());
  const Result<FileDescriptor> bucket = open_bucket(directory_);
  if (!bucket) return fail(bucket.error());
  if (::unlinkat(bucket->get(), path->c_str(), 0) != 0) {
    // A directory is no object.
    if (errno == ENOENT || errno == ENOTDIR || errno == EISDIR) return {};
    return fail(system_error(errno, "removing " + directory_ + "/" + *path));
  }
  const std::size_t slash = path->rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path->substr(0, slash);
  const FileDescriptor directory = open_below(*bucket, parent);
  // Gone already, by somebody who removes directories: there is nothing left to sync.
  if (!directory.is_open()) return {};
  return sync(directory, directory_ + "/" + parent);
}

}  // namespace waybill
