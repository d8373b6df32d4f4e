#include "adapters/file/artifact_batch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <system_error>
#include <thread>
#include <utility>

#include "adapters/file/store_files.h"
#include "base/digest_copy.h"
#include "base/free_space.h"
#include "base/log.h"
#include "base/mutex.h"

namespace waybill {
namespace {

/// What is read is in memory, just written: two processors are busy with its digests.
constexpr std::size_t kThreads = 2;
/// So few are brought to the disk one by one: others' files on it are not waited for then.
constexpr std::size_t kOneByOne = 16;

FileDescriptor open_to_take(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

/// Whether syncfs() brings all to the disk that fsync() of each file would: it is known of these
/// alone. FUSE, for one, hands files to its server, and does not have them synced there; overlayfs
/// does not tell of the errors of the disk below it.
bool is_synced_as_a_whole(const std::string& directory) {
  constexpr std::array<std::uint32_t, 5> kKnown = {0xef53,       // ext4
                                                   0x58465342,   // XFS
                                                   0x9123683e,   // Btrfs
                                                   0xf2f52010,   // F2FS
                                                   0x01021994};  // tmpfs
  struct statfs status {};
  return ::statfs(directory.c_str(), &status) == 0 &&
         std::ranges::find(kKnown, static_cast<std::uint32_t>(status.f_type)) != kKnown.end();
}

/// Begins to write it out, and waits for nothing: syncfs() then has less to do.
void begin_writing(const FileDescriptor& file) {
  ::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

/// An error of writing this file out that syncfs() did not tell, since it came before that began to
/// look, or was told to somebody else. File systems that know no such question are not asked.
Status check_written(const FileDescriptor& file, const std::string& what) {
  if (::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WAIT_AFTER) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS || errno == ESPIPE) return {};
  return fail(system_error(errno, "writing " + what));
}

/// False: it cannot be renamed to there, though it is the same disk (another mount of it, a quota
/// of a directory), or its directory may not be written to; then it is copied.
Result<bool> move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno == EXDEV || errno == EPERM || errno == EACCES) return false;
  return fail(system_error(errno, "moving " + from));
}

}  // namespace

Result<std::vector<ArtifactContent>> FileArtifactStore::put_all(std::span<const ArtifactFile> files,
                                                                const std::stop_token& stop) {
  if (files.size() <= kOneByOne) return ArtifactStore::put_all(files, stop);
  if (const auto root = root_directory(directory_, true); !root) return fail(root.error());
  if (!is_synced_as_a_whole(directory_)) return ArtifactStore::put_all(files, stop);
  return ArtifactBatch(*this, files).put(stop);
}

ArtifactBatch::~ArtifactBatch() {
  // Renamed by now, unless the content was there already or something failed.
  const auto remove = [](const std::string& path) {
    if (path.empty() || ::unlink(path.c_str()) == 0 || errno == ENOENT) return;
    log::warn("artifact_leftover", system_error(errno, "removing " + path).message);
  };
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    const Staged& staged = staged_[i];
    // What was not kept is given back, to be kept another time; what the store had is in it.
    const bool is_given_back = !is_done_ && !staged.is_copy && !staged.path.empty() &&
                               ::rename(staged.path.c_str(), files_[i].path.c_str()) == 0;
    if (!is_given_back) remove(staged.path);
  }
  remove(mark_);
}

Result<std::vector<ArtifactContent>> ArtifactBatch::put(const std::stop_token& stop) {
  // Before anything is written: what goes wrong with the disk from then on is told by syncfs().
  if (Status opened = open(); !opened) return fail(opened.error());
  staged_.resize(files_.size());
  if (Status staged = stage_all(stop); !staged) return fail(staged.error());
  std::vector<ArtifactContent> contents;
  contents.reserve(staged_.size());
  for (const Staged& staged : staged_) contents.push_back(staged.content);
  if (Status synced = sync_all("contents"); !synced) return fail(synced.error());
  if (Status named = name_all(); !named) return fail(named.error());
  if (Status synced = sync_all("the names of contents"); !synced) return fail(synced.error());
  is_done_ = true;
  return contents;
}

Status ArtifactBatch::open() {
  auto root = root_directory(store_.directory_, true);
  if (!root) return fail(root.error());
  root_ = std::move(*root);
  const auto unfinished =
      subdirectory(root_, "unfinished", store_.directory_ + "/unfinished", true);
  if (!unfinished) return fail(unfinished.error());
  std::string mark = store_.directory_ + "/unfinished/XXXXXX";
  const FileDescriptor marked(::mkostemp(mark.data(), O_CLOEXEC));
  if (!marked.is_open()) return fail(system_error(errno, "making " + mark));
  mark_ = std::move(mark);
  auto contents = subdirectory(root_, "sha256", store_.directory_ + "/sha256", true);
  if (!contents) return fail(contents.error());
  contents_ = std::move(*contents);
  return {};
}

/// Files that may be taken are read on some threads; those that are opened by who gave them on this
/// one alone.
Status ArtifactBatch::stage_all(const std::stop_token& stop) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> is_over = false;
  Mutex mutex;
  Status first;
  const auto each = [&](bool is_mine) {
    const auto stage_next = [&](std::size_t i) -> Status {
      const ArtifactFile& file = files_[i];
      if (stop.stop_requested()) {
        return fail(Code::cancelled, "keeping artifacts: it was asked to stop");
      }
      try {
        Status staged = is_mine ? stage(file, staged_[i]) : take(file, staged_[i]);
        if (staged) return staged;
        return fail(with_context(staged.error(), "artifact \"" + file.name + "\""));
      } catch (const std::exception& error) {  // no memory: it is not to end the process
        return fail(Code::internal, std::string("keeping artifacts: ") + error.what());
      }
    };
    for (std::size_t i = next++; i < files_.size() && !is_over; i = next++) {
      Status staged = stage_next(i);
      if (staged) continue;
      is_over = true;
      const Lock lock(mutex);
      if (first) first = std::move(staged);
    }
  };
  const bool may_all_be_taken =
      std::ranges::none_of(files_, [](const ArtifactFile& file) { return file.path.empty(); });
  if (may_all_be_taken) {
    {
      std::vector<std::jthread> others;
      try {
        while (others.size() + 1 < kThreads) others.emplace_back([&] { each(false); });
      } catch (const std::system_error& error) {
        log::warn("few_threads", error.what());  // this one does it
      }
      each(false);
    }
    if (!first) return first;
    next = 0;
  }
  each(true);
  return first;
}

/// What was not taken yet, and cannot be, is copied.
Status ArtifactBatch::stage(const ArtifactFile& file, Staged& staged) {
  if (!file.path.empty() && staged.path.empty()) {
    if (Status taken = take(file, staged); !taken) return taken;
  }
  return staged.path.empty() ? copy(file, staged) : Status();
}

/// The file itself, if it can be named: not where it is on another disk, or has other names. It is
/// moved into the store at once: whether that can be is known only then.
Status ArtifactBatch::take(const ArtifactFile& file, Staged& staged) {
  const FileDescriptor opened = open_to_take(file.path);
  if (!opened.is_open()) return fail(system_error(errno, "opening " + file.path));
  struct stat status {};
  struct stat root {};
  if (::fstat(opened.get(), &status) != 0 || ::fstat(root_.get(), &root) != 0) {
    return fail(system_error(errno, "looking at " + file.path));
  }
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_dev != root.st_dev ||
      status.st_uid != ::geteuid()) {
    return {};
  }
  // Or it looks like one that a killed writer has left long ago.
  if (Status dated = set_times(opened, store_.clock_.now(), file.path); !dated) return dated;
  std::string path = mark_ + "." + std::to_string(&staged - staged_.data());
  const auto moved = move(file.path, path);
  if (!moved) return fail(moved.error());
  if (!*moved) return {};
  staged.path = std::move(path);
  if (::fchmod(opened.get(), 0400) != 0) return fail(system_error(errno, "closing " + file.path));
  auto digest = digest_of(opened, file.path);
  if (!digest) return fail(digest.error());
  staged.is_there = is_there(digest->sha256);
  // It need never come to the disk then, and is not given back.
  if (staged.is_there && ::unlink(staged.path.c_str()) != 0) {
    return fail(system_error(errno, "removing " + staged.path));
  }
  if (!staged.is_there) begin_writing(opened);
  if (::fstat(opened.get(), &status) != 0) {
    return fail(system_error(errno, "looking at " + file.path));
  }
  staged.content = {.sha256 = std::move(digest->sha256), .size_bytes = digest->size_bytes};
  staged.looks = FileArtifactStore::looks_of(status);
  return {};
}

bool ArtifactBatch::is_there(const std::string& sha256) const {
  const std::string shard = sha256.substr(0, 2);
  const auto directory =
      subdirectory(contents_, shard, store_.directory_ + "/sha256/" + shard, false);
  return directory && store_.renew(*directory, sha256);
}

Status ArtifactBatch::copy(const ArtifactFile& file, Staged& staged) {
  const auto from = file.open();
  if (!from) return fail(from.error());
  struct stat status {};
  if (::fstat(from->get(), &status) != 0) return fail(system_error(errno, "looking at it"));
  const Status room =
      require_free_space(root_, status.st_size, "a content in " + store_.directory_);
  if (!room) return room;
  std::string path = store_.directory_ + "/unfinished/XXXXXX";
  const FileDescriptor written(::mkostemp(path.data(), O_CLOEXEC));
  if (!written.is_open()) return fail(system_error(errno, "making " + path));
  auto copied = copy_with_digest(*from, written, path);
  Status made = copied ? Status() : Status(fail(copied.error()));
  if (made && (::fchmod(written.get(), 0400) != 0 || ::fstat(written.get(), &status) != 0)) {
    made = fail(system_error(errno, "closing " + path));
  }
  if (!made) {
    ::unlink(path.c_str());
    return made;
  }
  begin_writing(written);
  staged = {.content = {.sha256 = std::move(copied->sha256), .size_bytes = copied->size_bytes},
            .path = std::move(path),
            .is_copy = true,
            .looks = FileArtifactStore::looks_of(status)};
  return {};
}

Status ArtifactBatch::name_all() {
  std::vector<std::size_t> order(staged_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, {}, [&](std::size_t i) -> const std::string& { return staged_[i].content.sha256; });
  std::string shard;
  FileDescriptor directory;
  for (const std::size_t i : order) {
    const Staged& staged = staged_[i];
    if (const std::string its = staged.content.sha256.substr(0, 2); its != shard) {
      auto opened = subdirectory(contents_, its, store_.directory_ + "/sha256/" + its, true);
      if (!opened) return fail(opened.error());
      directory = std::move(*opened);
      shard = its;
    }
    if (Status named = name(directory, staged); !named) return named;
  }
  return {};
}

Status ArtifactBatch::name(const FileDescriptor& directory, const Staged& staged) {
  const std::string& sha256 = staged.content.sha256;
  // Of what is there and was not staged for that, the one that somebody just reads is waited for.
  const auto if_busy = staged.is_there ? IfBusy::wait : IfBusy::refuse;
  if (store_.renew(directory, sha256, if_busy)) return {};
  const std::string what = "content " + sha256;
  if (staged.is_there) return fail(Code::unavailable, what + " was removed while it was kept");
  const FileDescriptor file = open_to_take(staged.path);
  if (!file.is_open()) return fail(system_error(errno, "opening " + staged.path));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(errno, "looking at " + what));
  if (FileArtifactStore::looks_of(status) != staged.looks) {
    return fail(Code::unavailable, staged.path + " changed while it was kept");
  }
  if (Status written = check_written(file, what); !written) return written;
  if (Status dated = set_times(file, store_.clock_.now(), what); !dated) return dated;
  if (::renameat(AT_FDCWD, staged.path.c_str(), directory.get(), sha256.c_str() + 2) != 0) {
    return fail(system_error(errno, "naming " + what));
  }
  store_.remember(file, sha256);
  return {};
}

Status ArtifactBatch::sync_all(const char* what) {
  if (::syncfs(root_.get()) == 0) return {};
  return fail(system_error(errno, "syncing " + std::string(what) + " in " + store_.directory_));
}

}  // namespace waybill
