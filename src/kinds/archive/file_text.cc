#include "kinds/archive/file_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/size.h"

namespace waybill {

Result<std::string> text_of_open_file(const FileDescriptor& file, std::size_t bytes_max,
                                      std::string_view what) {
  std::string text;
  std::string room(std::size_t{64} << 10, '\0');
  while (true) {
    const ssize_t got = ::read(file.get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + std::string(what)));
    if (got == 0) return text;
    if (text.size() + static_cast<std::size_t>(got) > bytes_max) {
      return fail(Code::out_of_range, std::string(what) + " has more than " +
                                          format_size(static_cast<std::int64_t>(bytes_max)));
    }
    text.append(room.data(), static_cast<std::size_t>(got));
  }
}

Result<FileDescriptor> open_to_read(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  return file;
}

Status write_whole(const FileDescriptor& file, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing " + std::string(what)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status write_new_file(const std::string& path, std::string_view text) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  return write_whole(file, text, path);
}

}  // namespace waybill
