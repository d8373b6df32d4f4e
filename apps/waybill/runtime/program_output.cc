#include "apps/waybill/runtime/program_output.h"

#include <unistd.h>

#include <cerrno>

namespace waybill::cli {

void ProgramOutput::write(LogStream stream, std::string_view text) {
  const Lock lock(mutex_);
  const int fd = stream == LogStream::out ? STDOUT_FILENO : STDERR_FILENO;
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // nobody reads it: no reason to stop work
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace waybill::cli
