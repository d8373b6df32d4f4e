#include "adapters/file/log_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "adapters/file/log_record.h"
#include "base/file_descriptor.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSuffix = ".log";
constexpr int kShards = 256;  // two hexadecimal digits

/// Where reading goes on: a byte of an attempt's file. As text `ATTEMPT:OFFSET`.
struct Cursor {
  std::uint32_t attempt = 0;
  std::uint64_t offset = 0;
};

std::string to_text(const Cursor& cursor) {
  return std::to_string(cursor.attempt) + ":" + std::to_string(cursor.offset);
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<Cursor> parse_cursor(std::string_view text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const std::size_t colon = text.find(':');
  if (colon == text.npos || !read_number(text.substr(0, colon), cursor.attempt) ||
      !read_number(text.substr(colon + 1), cursor.offset)) {
    return fail(Code::invalid_argument,
                "'" + std::string(text) + "' is not a cursor of a log; begin without one");
  }
  return cursor;
}

std::string file_of(const std::string& directory, std::uint32_t attempt) {
  return directory + "/" + std::to_string(attempt) + std::string(kSuffix);
}

/// Attempts that have a log, in order; none where there is no directory.
Result<std::vector<std::uint32_t>> attempts_in(const std::string& directory) {
  std::vector<std::uint32_t> attempts;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::uint32_t attempt = 0;
    if (name.ends_with(kSuffix) &&
        read_number(std::string_view(name).substr(0, name.size() - kSuffix.size()), attempt)) {
      attempts.push_back(attempt);
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(system_error(error.value(), "listing the logs in " + directory));
  }
  std::sort(attempts.begin(), attempts.end());
  return attempts;
}

/// The directories of the tasks that have a log in a shard.
Result<std::vector<Uuid>> tasks_in(const std::string& shard) {
  std::vector<Uuid> tasks;
  std::error_code error;
  for (fs::directory_iterator entry(shard, error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto task = parse_uuid(entry->path().filename().string())) tasks.push_back(*task);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(system_error(error.value(), "listing the logs in " + shard));
  }
  return tasks;
}

Result<FileDescriptor> open_to_append(const std::string& directory, std::uint32_t attempt) {
  const std::string path = file_of(directory, attempt);
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
  FileDescriptor file(::open(path.c_str(), kFlags, 0640));
  if (!file.is_open() && errno == ENOENT) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return fail(system_error(error.value(), "making " + directory));
    file = FileDescriptor(::open(path.c_str(), kFlags, 0640));
  }
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  return file;
}

/// Adds the records of one attempt from the cursor on, until there is no more or the page is full.
Status read_attempt(const std::string& directory, Cursor& cursor, std::size_t& room,
                    std::vector<LogChunk>& chunks) {
  const std::string path = file_of(directory, cursor.attempt);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return {};  // removed meanwhile
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  while (room > 0) {
    auto record = read_log_record(file, cursor.offset);
    if (!record) return fail(with_context(record.error(), path));
    if (!*record) return {};
    cursor.offset = (*record)->next_offset;
    (*record)->chunk.attempt = cursor.attempt;
    room -= std::min(room, (*record)->chunk.bytes.size());
    chunks.push_back(std::move((*record)->chunk));
  }
  return {};
}

}  // namespace

Status FileLogStore::append(const Uuid& task, const LogChunk& chunk) {
  if (chunk.bytes.empty()) return {};
  const auto file = open_to_append(directory_of(task), chunk.attempt);
  if (!file) return fail(file.error());
  struct stat before {};
  if (::fstat(file->get(), &before) != 0) return fail(system_error(errno, "appending to a log"));
  const std::string record = encode_log_record(chunk);
  ssize_t written = 0;
  do {
    written = ::write(file->get(), record.data(), record.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(record.size())) return {};
  // Half a record would hide all that is appended after it.
  const int error = written < 0 ? errno : ENOSPC;
  if (::ftruncate(file->get(), before.st_size) != 0) {
    return fail(
        system_error(errno, "taking back half a record from the log of task " + to_string(task)));
  }
  return fail(system_error(error, "appending to the log of task " + to_string(task)));
}

Result<LogPage> FileLogStore::read(const Uuid& task, const std::string& cursor,
                                   std::size_t limit_bytes) {
  auto position = parse_cursor(cursor);
  if (!position) return fail(position.error());
  const std::string directory = directory_of(task);
  const auto attempts = attempts_in(directory);
  if (!attempts) return fail(attempts.error());
  LogPage page;
  std::size_t room = std::max<std::size_t>(limit_bytes, 1);
  for (const std::uint32_t attempt : *attempts) {
    if (attempt < position->attempt || room == 0) continue;
    if (attempt > position->attempt) *position = {.attempt = attempt, .offset = 0};
    if (const Status done = read_attempt(directory, *position, room, page.chunks); !done) {
      return fail(done.error());
    }
  }
  page.next_cursor = to_text(*position);
  return page;
}

Status FileLogStore::remove(const Uuid& task) {
  std::error_code error;
  fs::remove_all(directory_of(task), error);
  if (error)
    return fail(system_error(error.value(), "removing the log of task " + to_string(task)));
  return {};
}

/// A page is a shard, and its number the cursor.
Result<LoggedTasks> FileLogStore::logged(const std::string& cursor) {
  int shard = 0;
  if (!cursor.empty() && (!read_number(cursor, shard) || shard < 0 || shard > kShards)) {
    return fail(Code::invalid_argument,
                "'" + cursor + "' is not a cursor of a list of logs; begin without one");
  }
  LoggedTasks page;
  for (; shard < kShards && page.ids.empty(); ++shard) {
    const std::string_view digits = "0123456789abcdef";
    auto tasks = tasks_in(directory_ + "/" + digits[shard / 16] + digits[shard % 16]);
    if (!tasks) return fail(tasks.error());
    page.ids = std::move(*tasks);
  }
  if (shard < kShards) page.next_cursor = std::to_string(shard);
  return page;
}

std::string FileLogStore::directory_of(const Uuid& task) const {
  const std::string id = to_string(task);
  return directory_ + "/" + id.substr(id.size() - 2) + "/" + id;
}

}  // namespace waybill
