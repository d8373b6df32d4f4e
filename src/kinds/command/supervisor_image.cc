#include "kinds/command/supervisor_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

// clang-format off
asm(".pushsection .rodata\n"
    ".balign 16\n"
    "waybill_supervisor_begin:\n"
    ".incbin \"" WAYBILL_SUPERVISOR_FILE "\"\n"
    "waybill_supervisor_end:\n"
    ".popsection\n");
// clang-format on
extern const char waybill_supervisor_begin[] __attribute__((visibility("hidden")));
extern const char waybill_supervisor_end[] __attribute__((visibility("hidden")));

namespace waybill {
namespace {

constexpr int kLowestDescriptor = 16;

}  // namespace

Result<FileDescriptor> open_supervisor() {
  const auto failed = [] { return fail(system_error(errno, "making the supervisor in memory")); };
  FileDescriptor file(::memfd_create("waybill-run", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return failed();
  const char* next = waybill_supervisor_begin;
  while (next < waybill_supervisor_end) {
    const auto left = static_cast<std::size_t>(waybill_supervisor_end - next);
    const ssize_t written = ::write(file.get(), next, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed();
    next += written;
  }
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return failed();
  }
  // Away from the descriptors that the supervisor is given when it is started.
  FileDescriptor high(::fcntl(file.get(), F_DUPFD_CLOEXEC, kLowestDescriptor));
  if (!high.is_open()) return failed();
  return high;
}

}  // namespace waybill
