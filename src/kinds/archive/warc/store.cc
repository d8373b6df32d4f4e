#include "kinds/archive/warc/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

namespace waybill {
namespace {

namespace fs = std::filesystem;

/// What may be lost by a crash: so much time, so many bytes.
constexpr Duration kCaptureSyncEvery = std::chrono::seconds(1);
constexpr std::int64_t kCaptureSyncBytes = std::int64_t{64} << 20;
constexpr std::int64_t kCaptureKeptSeconds = 7 * 24 * 60 * 60;
constexpr std::string_view kJournal = "/journal";

/// So that a file of it is still there after a crash of the machine.
Status sync_entries_of(const std::string& directory) {
  const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.is_open() && ::fsync(opened.get()) == 0) return {};
  return fail(system_error(errno, "syncing " + directory));
}

std::string whole_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

CaptureStore::CaptureStore(CaptureStoreParams params, Clock& clock, FileDescriptor journal)
    : params_(std::move(params)), clock_(clock), journal_(std::move(journal)) {}

CaptureStore::~CaptureStore() = default;

Result<std::unique_ptr<CaptureStore>> CaptureStore::open(CaptureStoreParams params, Clock& clock) {
  std::error_code error;
  fs::create_directories(params.directory, error);
  if (error) return fail(system_error(error.value(), "making " + params.directory));
  const std::string path = params.directory + std::string(kJournal);
  FileDescriptor journal(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!journal.is_open()) return fail(system_error(errno, "opening " + path));
  if (::flock(journal.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::unavailable, "an earlier attempt is still writing " + path);
  }
  std::unique_ptr<CaptureStore> store(
      new CaptureStore(std::move(params), clock, std::move(journal)));
  const Lock lock(store->mutex_);
  store->sync_at_ = clock.steady_now() + kCaptureSyncEvery;
  if (Status recovered = store->recover(); !recovered) return fail(recovered.error());
  return store;
}

/// What is behind the last whole line of the journal, and behind what it says of the files, may be
/// anything after a crash: it is cut off.
Status CaptureStore::recover() {
  ::unlink(index_path().c_str());
  const std::string text = whole_text(params_.directory + std::string(kJournal));
  std::size_t at = 0;
  while (true) {
    const auto end = text.find('\n', at);
    if (end == text.npos) break;
    if (Status read = read_journal_line(std::string_view(text).substr(at, end - at), state_);
        !read) {
      return read;
    }
    at = end + 1;
  }
  if (::ftruncate(journal_.get(), static_cast<off_t>(at)) != 0) {
    return fail(system_error(errno, "cutting the journal in " + params_.directory));
  }
  for (const auto& [name, end] : state_.ends) {
    struct stat status {};
    const std::string path = params_.directory + "/" + name;
    if (::stat(path.c_str(), &status) != 0 || status.st_size < end) {
      return fail(Code::data_loss, path + " has less than its journal says");
    }
    if (::truncate(path.c_str(), end) != 0) return fail(system_error(errno, "cutting " + path));
    size_ += end;
  }
  for (const CdxLine& line : state_.lines) know_line(line);
  if (state_.files.empty()) return {};
  const std::string path = params_.directory + "/" + state_.files.back();
  file_ = FileDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (!file_.is_open()) return fail(system_error(errno, "opening " + path));
  end_ = state_.ends[state_.files.back()];
  return {};
}

Status CaptureStore::begin_file() {
  if (file_.is_open()) {
    if (Status synced = sync(); !synced) return synced;
  }
  std::string number = std::to_string(state_.files.size() + 1);
  number.insert(0, 5 - std::min<std::size_t>(number.size(), 5), '0');
  const std::string name = "capture-" + number + ".warc.gz";
  const std::string path = params_.directory + "/" + name;
  FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  file_ = std::move(file);
  end_ = 0;
  Spool first(params_.directory);
  Status written = params_.first_record(name, clock_.now(), first);
  if (written) written = write(first);
  if (written) written = sync_entries_of(params_.directory);
  if (!written) {
    // No record may go to a file that the journal does not know of.
    file_ = FileDescriptor();
    return written;
  }
  end_ = first.size_bytes();
  size_ += end_;
  state_.files.push_back(name);
  state_.ends[name] = end_;
  note(journal_file(name, end_));
  return {};
}

/// What could not be written whole is taken back.
Status CaptureStore::write(const Spool& bytes) {
  const std::string action = "writing in " + params_.directory;
  Status written =
      bytes.give([&](std::string_view piece) { return write_all(file_, piece, action); });
  if (!written && ::ftruncate(file_.get(), end_) != 0) {
    return fail(system_error(errno, "cutting a file in " + params_.directory));
  }
  return written;
}

void CaptureStore::note(std::string text) { unsaid_ += text; }

Status CaptureStore::sync_if_due() {
  const bool is_due = unsynced_ >= kCaptureSyncBytes || clock_.steady_now() >= sync_at_;
  return is_due ? sync() : Status();
}

/// After a failure nobody knows what the disk has kept, and half a line may stand in the journal:
/// nothing is told to it any more, and the next attempt cuts off what is behind its last whole one.
Status CaptureStore::sync() {
  if (broken_) return fail(*broken_);
  const Status synced = write_journal();
  if (!synced) broken_ = synced.error();
  return synced;
}

Status CaptureStore::write_journal() {
  if (file_.is_open() && ::fdatasync(file_.get()) != 0) {
    return fail(system_error(errno, "syncing in " + params_.directory));
  }
  const std::string action = "writing the journal in " + params_.directory;
  if (Status written = write_all(journal_, unsaid_, action); !written) return written;
  if (::fdatasync(journal_.get()) != 0) return fail(system_error(errno, action));
  unsaid_.clear();
  unsynced_ = 0;
  sync_at_ = clock_.steady_now() + kCaptureSyncEvery;
  return {};
}

std::optional<CaptureStore::Original> CaptureStore::original(const std::string& digest) const {
  const Lock lock(mutex_);
  const auto found = originals_.find(digest);
  return found == originals_.end() ? std::nullopt : std::optional(found->second);
}

void CaptureStore::know(const CdxLine& line) {
  const Lock lock(mutex_);
  know_line(line);
}

void CaptureStore::know_line(const CdxLine& line) {
  const bool is_revisit = line.mime == kRevisitMime;
  if (line.digest.empty() || (is_revisit && line.original_url.empty())) return;
  originals_.try_emplace(line.digest, is_revisit
                                          ? Original{line.original_url, line.original_timestamp}
                                          : Original{line.url, line.timestamp});
}

Status CaptureStore::add(const Records& records, CdxLine line,
                         const std::optional<CapturedPage>& page) {
  const Lock lock(mutex_);
  const std::int64_t bytes = records.indexed.size_bytes() + records.beside.size_bytes();
  const bool is_full = end_ + bytes > params_.file_bytes_max && !state_.lines.empty() &&
                       state_.lines.back().filename == state_.files.back();
  if (!file_.is_open() || is_full) {
    if (Status begun = begin_file(); !begun) return begun;
  }
  if (Status written = write(records.indexed); !written) return written;
  if (Status written = write(records.beside); !written) return written;
  line.offset = end_;
  line.length = records.indexed.size_bytes();
  line.filename = state_.files.back();
  end_ += bytes;
  size_ += bytes;
  unsynced_ += bytes;
  state_.ends[line.filename] = end_;
  // A truncated one may still be the whole of another answer: equal bytes are equal.
  know_line(line);
  note(journal_record(line, end_, records.is_truncated));
  if (page) note(journal_page(*page));
  state_.truncated += records.is_truncated ? 1 : 0;
  state_.revisits += line.mime == kRevisitMime ? 1 : 0;
  state_.lines.push_back(std::move(line));
  if (page) state_.pages.push_back(*page);
  return sync_if_due();
}

void CaptureStore::note_failure(const CaptureFailure& failure) {
  const Lock lock(mutex_);
  state_.failures.push_back(failure);
  note(journal_failure(failure));
}

void CaptureStore::note_done(std::size_t url) {
  const Lock lock(mutex_);
  state_.done.insert(url);
  note(journal_done(url));
}

Status CaptureStore::close() {
  const Lock lock(mutex_);
  if (state_.files.empty()) {
    if (Status begun = begin_file(); !begun) return begun;
  }
  if (Status synced = sync(); !synced) return synced;
  std::vector<std::string> lines;
  lines.reserve(state_.lines.size());
  for (const CdxLine& line : state_.lines) lines.push_back(cdxj_text(line));
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  const std::string unfinished = index_path() + ".new";
  const FileDescriptor file(
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(system_error(errno, "making " + unfinished));
  if (Status written = write_all(file, text, "writing " + unfinished); !written) return written;
  if (::fdatasync(file.get()) != 0) return fail(system_error(errno, "syncing " + unfinished));
  if (::rename(unfinished.c_str(), index_path().c_str()) != 0) {
    return fail(system_error(errno, "renaming " + unfinished));
  }
  return {};
}

CaptureState CaptureStore::state() const {
  const Lock lock(mutex_);
  return state_;
}

std::int64_t CaptureStore::size_bytes() const {
  const Lock lock(mutex_);
  return size_;
}

Result<std::int64_t> CaptureStore::free_bytes() const {
  struct statvfs disk {};
  if (::fstatvfs(journal_.get(), &disk) != 0) {
    return fail(system_error(errno, "looking at the disk of " + params_.directory));
  }
  return static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
}

void CaptureStore::remove() {
  const Lock lock(mutex_);
  file_ = FileDescriptor();
  std::error_code ignored;
  fs::remove_all(params_.directory, ignored);
}

void sweep_captures(const std::string& directory, Clock& clock) {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count();
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const std::string path = entry.path().string();
    struct stat status {};
    if (::lstat((path + std::string(kJournal)).c_str(), &status) != 0) continue;
    const std::string index = path + "/capture.cdxj";
    const bool is_old = status.st_mtim.tv_sec + kCaptureKeptSeconds < now;
    if (!is_old && fs::exists(index, ignored)) continue;
    const auto store = CaptureStore::open({.directory = path, .first_record = {}}, clock);
    if (!store) continue;  // in use, or damaged: its own task says so
    if (is_old) {
      (*store)->remove();
    } else if (!(*store)->state().files.empty()) {
      // An index that cannot be written now is written by the next sweep.
      [[maybe_unused]] const Status closed = (*store)->close();
    }
  }
}

}  // namespace waybill
