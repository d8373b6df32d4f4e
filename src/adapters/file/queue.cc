#include "adapters/file/queue.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/file_descriptor.h"
#include "base/json.h"
#include "base/utf8.h"

namespace waybill {
namespace {

void append_line(std::string& lines, const Message& message) {
  lines += "{\"id\":";
  json::append_quoted(lines, message.id);
  for (const auto& [name, value] : message.attributes) {
    lines += &name == &message.attributes.front().first ? ",\"attributes\":{" : ",";
    json::append_quoted(lines, name);
    lines += ':';
    json::append_quoted(lines, value);
  }
  if (!message.attributes.empty()) lines += '}';
  if (is_utf8(message.body)) {
    lines += ",\"body\":";
    json::append_quoted(lines, message.body);
  } else {
    lines += ",\"body_base64\":";
    json::append_quoted(lines, to_base64(message.body));
  }
  lines += "}\n";
}

/// The file of this name, locked: not one that was renamed away before the lock was had.
Result<FileDescriptor> open_locked(const std::string& path) {
  for (;;) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!file.is_open()) return fail(system_error(errno, "opening " + path));
    int locked = 0;
    do {
      locked = ::flock(file.get(), LOCK_EX);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) return fail(system_error(errno, "locking " + path));
    struct stat mine {};
    struct stat there {};
    if (::fstat(file.get(), &mine) == 0 && ::stat(path.c_str(), &there) == 0 &&
        mine.st_ino == there.st_ino && mine.st_dev == there.st_dev) {
      return file;
    }
  }
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing"));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// A new file's name is on disk when its directory is.
Status sync_directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string directory = parent.empty() ? "." : parent;
  const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.get()) != 0) {
    return fail(system_error(errno, "syncing " + directory));
  }
  return {};
}

/// What a writer left that died while it wrote, and was never answered for, ends here.
bool ends_in_half_a_line(int fd, off_t size) {
  char last = '\n';
  return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

Status append(const std::string& path, std::string lines) {
  const auto file = open_locked(path);
  if (!file) return fail(file.error());
  struct stat before {};
  if (::fstat(file->get(), &before) != 0) return fail(system_error(errno, "looking at " + path));
  if (ends_in_half_a_line(file->get(), before.st_size)) lines.insert(0, "\n");
  Status done = write_all(file->get(), lines);
  if (done && ::fdatasync(file->get()) != 0) done = fail(system_error(errno, "syncing"));
  if (done && before.st_size == 0) done = sync_directory_of(path);
  if (done) return {};
  // Nobody else can have appended: the lock is ours.
  Error error = with_context(done.error(), "appending to " + path);
  if (::ftruncate(file->get(), before.st_size) != 0) {
    error.message += "; its last lines could not be taken back and may be there twice later";
  }
  return fail(std::move(error));
}

Status publish_only(const std::string& path) {
  return fail(Code::unimplemented,
              "the queue in file " + path + " only takes messages; read its lines instead");
}

}  // namespace

FileQueue::FileQueue(std::string path, const FileQueueOptions& options)
    : path_(std::move(path)), options_(options) {}

QueueCaps FileQueue::caps() const {
  return {.durable = true,
          .ordered = true,
          .receives = false,
          .body_bytes_max = options_.body_bytes_max};
}

Status FileQueue::check(const Message& message) const {
  if (message.body.size() > options_.body_bytes_max) {
    return fail(Code::invalid_argument, "the body of message " + message.id + " has " +
                                            std::to_string(message.body.size()) +
                                            " bytes; this queue takes at most " +
                                            std::to_string(options_.body_bytes_max));
  }
  const bool text = std::ranges::all_of(message.attributes, [](const auto& attribute) {
    return is_utf8(attribute.first) && is_utf8(attribute.second);
  });
  if (text && is_utf8(message.id)) return {};
  return fail(Code::invalid_argument,
              "a message's id and attributes must be UTF-8; only its body may hold other bytes");
}

Result<std::vector<Status>> FileQueue::publish(std::span<const Message> messages) {
  std::vector<Status> answers;
  answers.reserve(messages.size());
  std::string lines;
  for (const Message& message : messages) {
    answers.push_back(check(message));
    if (answers.back()) append_line(lines, message);
  }
  if (lines.empty()) return answers;
  if (const Status appended = append(path_, std::move(lines)); !appended) {
    return fail(appended.error());
  }
  return answers;
}

Result<std::vector<Delivery>> FileQueue::receive(std::size_t, const Deadline&) {
  return fail(publish_only(path_).error());
}

Status FileQueue::ack(std::span<const std::string>) { return publish_only(path_); }

Status FileQueue::nack(std::span<const std::string>) { return publish_only(path_); }

Status FileQueue::extend(std::span<const std::string>, Duration) { return publish_only(path_); }

}  // namespace waybill
