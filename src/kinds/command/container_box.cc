#include "kinds/command/container_box.h"
#include "kinds/command/container_engine.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

// clang-format off
asm(".pushsection .rodata\n"
    ".balign 16\n"
    "waybill_container_init_begin:\n"
    ".incbin \"" WAYBILL_CONTAINER_INIT_FILE "\"\n"
    "waybill_container_init_end:\n"
    ".popsection\n");
// clang-format on
extern const char waybill_container_init_begin[] __attribute__((visibility("hidden")));
extern const char waybill_container_init_end[] __attribute__((visibility("hidden")));

namespace waybill {
namespace {

Status write_whole(const FileDescriptor& file, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing " + std::string(what)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<ContainerBox> ContainerBox::create(const std::vector<std::string>& environment,
                                          std::uint32_t user) {
  FileDescriptor file(::memfd_create("waybill-box", MFD_CLOEXEC));
  if (!file.is_open()) return fail(system_error(errno, "making a file for a container"));
  std::string bytes(sizeof(WaybillBox), '\0');
  for (const std::string& text : environment) bytes.append(text).push_back('\0');
  WaybillBox header{};
  header.user = user;
  header.environment_bytes = static_cast<std::uint32_t>(bytes.size() - sizeof header);
  bytes.replace(0, sizeof header, reinterpret_cast<const char*>(&header), sizeof header);
  const Status written = write_whole(file, bytes, "the environment of a container");
  if (!written) return fail(written.error());
  return ContainerBox(std::move(file));
}

Result<WaybillBox> ContainerBox::read() const {
  WaybillBox header{};
  const ssize_t got = ::pread(file_.get(), &header, sizeof header, 0);
  if (got == static_cast<ssize_t>(sizeof header)) return header;
  return fail(Code::internal, "the file between a worker and its container was cut short");
}

Status write_container_init(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  // Whatever the umask: the program's user runs it.
  if (::fchmod(file.get(), 0755) != 0) return fail(system_error(errno, "opening up " + path));
  const auto size =
      static_cast<std::size_t>(waybill_container_init_end - waybill_container_init_begin);
  return write_whole(file, {waybill_container_init_begin, size}, path);
}

Status prepare_attempt(const std::string& directory) {
  for (const char* name : {"/box", "/given"}) {
    if (const Status made = make_open_directory(directory + name); !made) return made;
  }
  return write_container_init(directory + "/init");
}

}  // namespace waybill
