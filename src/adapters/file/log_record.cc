#include "adapters/file/log_record.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace waybill {
namespace {

constexpr std::uint32_t kMagic = 0x314c4257;  // "WBL1"
// No writer makes a larger one: a length beyond it is damage.
constexpr std::uint32_t kLengthMax = 64 << 20;

struct Head {
  std::uint32_t magic = kMagic;
  std::uint32_t length = 0;
  std::int64_t at_micros = 0;
  std::uint32_t stream = 0;
  std::uint32_t checksum = 0;
};
static_assert(sizeof(Head) == 24);

/// FNV-1a over the bytes (Fowler, Noll, Vo), begun with what the head says.
std::uint32_t checksum_of(const Head& head, std::string_view bytes) {
  std::uint32_t hash =
      2166136261U ^ head.length ^ head.stream ^ static_cast<std::uint32_t>(head.at_micros);
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

/// How many of `size` bytes there are at `offset`.
Result<std::size_t> read_at(const FileDescriptor& file, char* into, std::size_t size,
                            std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(file.get(), into + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading a log"));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

std::string encode_log_record(const LogChunk& chunk) {
  Head head;
  head.length = static_cast<std::uint32_t>(chunk.bytes.size());
  head.at_micros = to_micros(chunk.at);
  head.stream = static_cast<std::uint32_t>(chunk.stream);
  head.checksum = checksum_of(head, chunk.bytes);
  std::string record(sizeof head, '\0');
  std::memcpy(record.data(), &head, sizeof head);
  return record + chunk.bytes;
}

Result<std::optional<LogRecord>> read_log_record(const FileDescriptor& file, std::uint64_t offset) {
  Head head;
  char raw[sizeof head];
  const auto got_head = read_at(file, raw, sizeof raw, offset);
  if (!got_head) return fail(got_head.error());
  if (*got_head < sizeof raw) return std::optional<LogRecord>{};
  std::memcpy(&head, raw, sizeof head);
  const bool plausible = head.magic == kMagic && head.length <= kLengthMax &&
                         head.stream <= static_cast<std::uint32_t>(LogStream::system);
  if (!plausible) return std::optional<LogRecord>{};
  LogRecord record;
  record.chunk.at = from_micros(head.at_micros);
  record.chunk.stream = static_cast<LogStream>(head.stream);
  record.chunk.bytes.resize(head.length);
  record.next_offset = offset + sizeof head + head.length;
  const auto got = read_at(file, record.chunk.bytes.data(), head.length, offset + sizeof head);
  if (!got) return fail(got.error());
  if (*got < head.length || checksum_of(head, record.chunk.bytes) != head.checksum) {
    return std::optional<LogRecord>{};
  }
  return std::optional(std::move(record));
}

Result<LogLength> measure_log(const FileDescriptor& file, LogLength known) {
  for (;;) {
    const auto record = read_log_record(file, known.bytes);
    if (!record) return fail(record.error());
    if (!*record) return known;
    known.bytes = (*record)->next_offset;
    ++known.records;
  }
}

}  // namespace waybill
