#include "kinds/archive/collect/text_upload.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace waybill {
namespace {

Result<FileDescriptor> in_memory(const std::string& text) {
  FileDescriptor file(::memfd_create("waybill-text", MFD_CLOEXEC));
  if (!file.is_open()) return fail(system_error(errno, "making a file in memory"));
  for (std::size_t at = 0; at < text.size();) {
    const auto count = ::write(file.get(), text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(errno, "writing a file in memory"));
    at += static_cast<std::size_t>(count);
  }
  if (::lseek(file.get(), 0, SEEK_SET) < 0) {
    return fail(system_error(errno, "going to the beginning of a file in memory"));
  }
  return file;
}

}  // namespace

ipfs::UploadFile text_upload(std::string name, std::string text) {
  const auto size = static_cast<std::int64_t>(text.size());
  return {.name = std::move(name), .size_bytes = size, .open = [text = std::move(text)] {
            return in_memory(text);
          }};
}

}  // namespace waybill
