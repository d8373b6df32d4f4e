#include "adapters/file/queue.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "adapters/file/file_io.h"
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

struct LockedFile {
  FileDescriptor file;
  FileLock lock;  // let go before the file is closed
};

/// The file of this name, locked: not one that was renamed away before the lock was had.
Result<LockedFile> open_locked(const std::string& path) {
  for (;;) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!file.is_open()) return fail(system_error(errno, "opening " + path));
    auto taken = FileLock::take(file, path);
    if (!taken) return fail(taken.error());
    if (is_named(file, path)) return LockedFile{std::move(file), std::move(*taken)};
  }
}

/// What a writer left that died while it wrote, and was never answered for, ends here.
bool ends_in_half_a_line(const FileDescriptor& file, off_t size) {
  char last = '\n';
  return size > 0 && ::pread(file.get(), &last, 1, size - 1) == 1 && last != '\n';
}

Status append(const std::string& path, std::string lines) {
  const auto locked = open_locked(path);
  if (!locked) return fail(locked.error());
  const FileDescriptor& file = locked->file;
  struct stat before {};
  if (::fstat(file.get(), &before) != 0) return fail(system_error(errno, "looking at " + path));
  if (ends_in_half_a_line(file, before.st_size)) lines.insert(0, "\n");
  Status done = write_all(file, lines, path);
  if (done) done = sync_data(file, path);
  if (done && before.st_size == 0) done = sync_directory_of(path);
  if (done) return {};
  // Nobody else can have appended: the lock is ours.
  Error error = with_context(done.error(), "appending messages");
  if (::ftruncate(file.get(), before.st_size) != 0) {
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
