#include "adapters/file/artifact_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "adapters/file/file_io.h"
#include "adapters/file/store_files.h"
#include "adapters/file/store_owner.h"
#include "base/digest_copy.h"
#include "base/free_space.h"
#include "base/log.h"
#include "core/artifact.h"

namespace waybill {
namespace {

constexpr std::size_t kSeenMax = 10'000;
constexpr Duration kBusyFor = std::chrono::milliseconds(100);
constexpr Duration kStaleUnfinished = std::chrono::hours(24);

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirectoryPtr = std::unique_ptr<DIR, CloseDirectory>;

Time time_of(const struct stat& status) {
  return from_micros(status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1000);
}

Error no_content(const std::string& sha256) {
  return {.code = Code::not_found, .message = "there is no content " + sha256};
}

/// Calls `take` with each name in an open directory, but `.` and `..`.
template <class Take>
Status each_name(FileDescriptor directory, const std::string& path, const Take& take) {
  const DirectoryPtr names(::fdopendir(directory.get()));
  if (!names) return fail(system_error(errno, "listing " + path));
  directory.release();
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(names.get());
    if (entry == nullptr) {
      if (errno != 0) return fail(system_error(errno, "listing " + path));
      return {};
    }
    const std::string name(entry->d_name);
    if (name != "." && name != "..") take(::dirfd(names.get()), name);
  }
}

/// What a collector took aside to remove it, and then died: it may be needed. If not, it is removed
/// another time.
void put_back(int directory, const std::string& shard, const std::string& aside) {
  const std::string name = aside.substr(0, aside.find('.'));
  if (name == aside || !is_sha256_hex(shard + name)) return;
  if (::linkat(directory, aside.c_str(), directory, name.c_str(), 0) != 0 && errno != EEXIST) {
    log::warn("artifact_leftover", system_error(errno, "putting back " + shard + name).message);
    return;
  }
  ::unlinkat(directory, aside.c_str(), 0);
}

std::string shard_name(unsigned shard) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {kDigits[shard >> 4], kDigits[shard & 15]};
}

}  // namespace

Result<FileDescriptor> FileArtifactStore::directory_of(const std::string& sha256) const {
  const auto root = root_directory(directory_, false);
  if (!root) return fail(root.error());
  const auto contents = subdirectory(*root, "sha256", directory_ + "/sha256", false);
  if (!contents) return fail(contents.error());
  const std::string shard = sha256.substr(0, 2);
  return subdirectory(*contents, shard, directory_ + "/sha256/" + shard, false);
}

Result<FileDescriptor> FileArtifactStore::make_directory_of(const std::string& sha256) {
  const auto root = root_directory(directory_, true);
  if (!root) return fail(root.error());
  const std::string path = directory_ + "/sha256";
  const auto contents = subdirectory(*root, "sha256", path, true);
  if (!contents) return fail(contents.error());
  if (Status synced = sync_once(*root, path); !synced) return fail(synced.error());
  const std::string shard = sha256.substr(0, 2);
  auto directory = subdirectory(*contents, shard, path + "/" + shard, true);
  if (!directory) return fail(directory.error());
  if (Status synced = sync_once(*contents, path + "/" + shard); !synced) {
    return fail(synced.error());
  }
  return directory;
}

/// Whoever made a directory may not have come to sync its name, so each process does it once.
Status FileArtifactStore::sync_once(const FileDescriptor& parent, const std::string& path) {
  {
    const Lock lock(mutex_);
    if (synced_.contains(path)) return {};
  }
  if (Status synced = sync(parent, path); !synced) return synced;
  const Lock lock(mutex_);
  synced_.insert(path);
  return {};
}

Result<ArtifactContent> FileArtifactStore::put(const FileDescriptor& file) {
  const auto root = root_directory(directory_, true);
  if (!root) return fail(root.error());
  const auto unfinished = subdirectory(*root, "unfinished", directory_ + "/unfinished", true);
  if (!unfinished) return fail(unfinished.error());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(errno, "looking at an artifact"));
  const Status room = require_free_space(*root, status.st_size, "a content in " + directory_);
  if (!room) return fail(room.error());
  std::string path = directory_ + "/unfinished/XXXXXX";
  const FileDescriptor written(::mkostemp(path.data(), O_CLOEXEC));
  if (!written.is_open()) return fail(system_error(errno, "making " + path));
  Result<ArtifactContent> content = fail(Code::internal, "not copied");
  if (const auto copied = copy_with_digest(file, written, path); !copied) {
    content = fail(copied.error());
  } else {
    content = ArtifactContent{.sha256 = copied->sha256, .size_bytes = copied->size_bytes};
    if (Status placed = place(written, path, *content); !placed) content = fail(placed.error());
  }
  // Renamed by now, unless the content was there already or something failed.
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    log::warn("artifact_leftover", system_error(errno, "removing " + path).message);
  }
  return content;
}

bool FileArtifactStore::renew(const FileDescriptor& directory, const std::string& sha256,
                              IfBusy if_busy) {
  const std::string name = sha256.substr(2);
  const FileDescriptor there(
      ::openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  // One that is damaged, that somebody just reads, or that is no file gives way to what is whole.
  if (!there.is_open() || !check(there, sha256, if_busy)) return false;
  if (!set_times(there, clock_.now(), sha256)) return false;
  remember(there, sha256);
  // A collector may have removed it before it looked new.
  struct stat opened {};
  struct stat named {};
  return ::fstat(there.get(), &opened) == 0 &&
         ::fstatat(directory.get(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         opened.st_ino == named.st_ino;
}

Status FileArtifactStore::place(const FileDescriptor& written, const std::string& unfinished,
                                const ArtifactContent& content) {
  const auto directory = make_directory_of(content.sha256);
  if (!directory) return fail(directory.error());
  const std::string name = content.sha256.substr(2);
  const std::string what = "content " + content.sha256;
  // Synced here too: who put it first may not have come so far.
  if (renew(*directory, content.sha256)) return sync(*directory, directory_);
  if (::fchmod(written.get(), 0400) != 0) return fail(system_error(errno, "closing " + what));
  if (Status dated = set_times(written, clock_.now(), what); !dated) return dated;
  if (Status synced = sync(written, what); !synced) return synced;
  if (::renameat(AT_FDCWD, unfinished.c_str(), directory->get(), name.c_str()) != 0) {
    return fail(system_error(errno, "naming " + what));
  }
  remember(written, content.sha256);
  return sync(*directory, directory_);
}

Error FileArtifactStore::damaged(const std::string& sha256) const {
  return {.code = Code::data_loss,
          .message = "content " + sha256 + " in " + directory_ +
                     " is damaged; restore it from a copy, or run its task again"};
}

Status FileArtifactStore::check(const FileDescriptor& file, const std::string& sha256,
                                IfBusy if_busy) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(errno, "looking at " + sha256));
  if (!S_ISREG(status.st_mode)) return fail(damaged(sha256));
  const Looks looks = looks_of(status);
  std::optional<bool> whole = known(sha256, looks);
  if (!whole) {
    const std::optional<WorkSlots::Held> held =
        if_busy == IfBusy::wait ? reading_.take(sha256) : reading_.try_take(sha256);
    if (!held) {
      return fail(Error{.code = Code::unavailable,
                        .message = "content " + sha256 + " is being looked through; ask again",
                        .retry_after = kBusyFor});
    }
    whole = known(sha256, looks);  // by who was at it
    if (!whole) {
      const auto content = digest_of(file, "content " + sha256);
      if (!content) return fail(content.error());
      whole = content->sha256 == sha256;
      note(sha256, {.looks = looks, .is_whole = *whole});
    }
  }
  return *whole ? Status() : fail(damaged(sha256));
}

/// Whether a file that looks like this is whole; none if it has to be read.
std::optional<bool> FileArtifactStore::known(const std::string& sha256, const Looks& looks) {
  const Lock lock(mutex_);
  const auto found = seen_.find(sha256);
  if (found == seen_.end() || found->second.looks != looks) return std::nullopt;
  return found->second.is_whole;
}

/// That a file which is whole looks like this now.
void FileArtifactStore::remember(const FileDescriptor& file, const std::string& sha256) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return;  // then it is read again
  note(sha256, {.looks = looks_of(status), .is_whole = true});
}

void FileArtifactStore::note(const std::string& sha256, const Seen& seen) {
  const Lock lock(mutex_);
  const auto [at, is_new] = seen_.insert_or_assign(sha256, seen);
  if (!is_new) return;
  seen_order_.push_back(at->first);
  if (seen_order_.size() <= kSeenMax) return;
  seen_.erase(seen_order_.front());
  seen_order_.pop_front();
}

FileArtifactStore::Looks FileArtifactStore::looks_of(const struct stat& status) {
  return {.inode = static_cast<std::int64_t>(status.st_ino),
          .size_bytes = status.st_size,
          .changed_at = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec};
}

Result<FileDescriptor> FileArtifactStore::open(const std::string& sha256, IfBusy if_busy) {
  if (!is_sha256_hex(sha256)) return fail(no_content(sha256));
  const auto directory = directory_of(sha256);
  if (!directory && directory.error().code == Code::not_found) return fail(no_content(sha256));
  if (!directory) return fail(directory.error());
  FileDescriptor file(::openat(directory->get(), sha256.substr(2).c_str(),
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return fail(no_content(sha256));
  if (!file.is_open() && errno == ELOOP) {
    return fail(Code::data_loss, "content " + sha256 + " is a link now; somebody put it there");
  }
  if (!file.is_open()) return fail(system_error(errno, "opening content " + sha256));
  if (Status whole = check(file, sha256, if_busy); !whole) return fail(whole.error());
  return file;
}

Result<std::int64_t> FileArtifactStore::size_bytes(const std::string& sha256, IfBusy if_busy) {
  const auto file = open(sha256, if_busy);
  if (!file) return fail(file.error());
  struct stat status {};
  if (::fstat(file->get(), &status) == 0) return status.st_size;
  return fail(system_error(errno, "looking at content " + sha256));
}

/// It is taken aside before it is looked at for the last time, so that what is put meanwhile is
/// another file, or looks new by then.
Status FileArtifactStore::remove(const std::string& sha256, Time not_put_after) {
  if (!is_sha256_hex(sha256)) return {};
  const auto directory = directory_of(sha256);
  if (!directory && directory.error().code == Code::not_found) return {};
  if (!directory) return fail(directory.error());
  const std::string name = sha256.substr(2);
  const std::string what = "content " + sha256;
  struct stat status {};
  if (::fstatat(directory->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return fail(system_error(errno, "looking at " + what));
  }
  if (time_of(status) > not_put_after) return {};
  const std::string aside = name + "." + std::to_string(::getpid()) + "-" +
                            std::to_string(++removals_);  // no content's name
  const int in = directory->get();
  if (::renameat(in, name.c_str(), in, aside.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return fail(system_error(errno, "removing " + what));
  }
  const bool looked = ::fstatat(in, aside.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!looked || time_of(status) > not_put_after) {
    // Not over what was put meanwhile.
    if (::linkat(in, aside.c_str(), in, name.c_str(), 0) != 0 && errno != EEXIST) {
      return fail(system_error(errno, "putting back " + what));
    }
  }
  if (::unlinkat(in, aside.c_str(), 0) != 0 && errno != ENOENT) {
    return fail(system_error(errno, "removing " + what));
  }
  return {};
}

Result<KeptContents> FileArtifactStore::kept(const std::string& cursor) {
  unsigned shard = 0;
  if (cursor.empty()) {
    sweep_unfinished();
  } else {
    const auto read = std::from_chars(cursor.data(), cursor.data() + cursor.size(), shard, 16);
    if (read.ec != std::errc() || cursor != shard_name(shard & 0xff) || shard > 0xff) {
      return fail(Code::invalid_argument, "no cursor of this store: " + cursor);
    }
  }
  KeptContents page;
  for (; shard <= 0xff; ++shard) {
    const std::string name = shard_name(shard);
    auto directory = directory_of(name);
    if (!directory && directory.error().code == Code::not_found) continue;
    if (!directory) return fail(directory.error());
    const Status listed = each_name(
        std::move(*directory), directory_ + "/sha256/" + name,
        [&](int in, const std::string& rest) {
          struct stat status {};
          if (!is_sha256_hex(name + rest)) return put_back(in, name, rest);
          if (::fstatat(in, rest.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
          page.contents.push_back({.content = {.sha256 = name + rest, .size_bytes = status.st_size},
                                   .kept_at = time_of(status)});
        });
    if (!listed) return fail(listed.error());
    if (page.contents.empty()) continue;
    if (shard < 0xff) page.next_cursor = shard_name(shard + 1);
    break;
  }
  return page;
}

Result<StoreOwner> FileArtifactStore::owner() { return read_store_owner(directory_); }

Status FileArtifactStore::set_owner(const std::string& text, SetOwner how) {
  if (const auto root = root_directory(directory_, true); !root) return fail(root.error());
  return write_store_owner(directory_, text, how);
}

void FileArtifactStore::sweep_unfinished() {
  const std::string path = directory_ + "/unfinished";
  const auto root = root_directory(directory_, false);
  if (!root) return;  // nothing was put yet; else who lists is told
  FileDescriptor directory = open_subdirectory(*root, "unfinished");
  if (!directory.is_open()) return;
  const Time long_ago = clock_.now() - kStaleUnfinished;
  const Status listed = each_name(std::move(directory), path, [&](int in, const std::string& name) {
    struct stat status {};
    if (::fstatat(in, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (time_of(status) > long_ago || ::unlinkat(in, name.c_str(), 0) == 0) return;
    log::warn("artifact_leftover", system_error(errno, "removing " + path + "/" + name).message);
  });
  if (!listed) log::warn("artifact_leftover", listed.error().message);
}

}  // namespace waybill
