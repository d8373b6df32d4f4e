// Any bytes as the file of a log, read from any place in it, as a cursor from outside may ask: what
// is found there is a record that reads as it was written.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "adapters/file/log_record.h"
#include "base/check.h"

namespace {

using namespace waybill;

/// Follows the records from `place` on, and writes each of them again.
void follow(const FileDescriptor& file, std::string_view bytes, std::uint64_t place) {
  for (;;) {
    const auto record = read_log_record(file, place);
    WAYBILL_CHECK(record.has_value(), "a file that can be read is read");
    if (!*record) return;
    const std::uint64_t next = (*record)->next_offset;
    WAYBILL_CHECK(next > place && next <= bytes.size(), "a record lies within its file");
    WAYBILL_CHECK(encode_log_record((*record)->chunk) == bytes.substr(place, next - place),
                  "a record reads as it was written");
    place = next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const FileDescriptor file(::memfd_create("log", MFD_CLOEXEC));
  WAYBILL_CHECK(file.is_open(), "a file in memory is made");
  const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
  WAYBILL_CHECK(written == static_cast<ssize_t>(bytes.size()), "it takes the bytes");
  follow(file, bytes, 0);
  follow(file, bytes, data[0]);
  return 0;
}
