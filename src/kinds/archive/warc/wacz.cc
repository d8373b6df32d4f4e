#include "kinds/archive/warc/wacz.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace waybill {
namespace {

// APPNOTE 6.3.9, 4.3.
constexpr std::uint32_t kMemberMark = 0x04034b50;
constexpr std::uint32_t kEntryMark = 0x02014b50;
constexpr std::uint32_t kEndMark = 0x06054b50;
constexpr std::uint32_t kEnd64Mark = 0x06064b50;
constexpr std::uint32_t kLocatorMark = 0x07064b50;
constexpr std::size_t kMemberBytes = 30;
constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kCommentMax = 0xffff;
constexpr std::uint64_t kDirectoryBytesMax = 64 << 20;
constexpr std::size_t kWarcsMax = 10'000;
constexpr std::size_t kShownMax = 200;  // bytes of a name
constexpr std::uint32_t kIn64Bits = 0xffffffff;
constexpr std::uint16_t kField64 = 0x0001;

tl::unexpected<Error> no_package(const std::string& why) {
  return fail(Code::failed_precondition, "it is no WACZ package: " + why);
}

/// A number of so many bytes, the least first. What is asked for is there.
std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

Result<std::string> read_zip(const FileDescriptor& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t used = 0;
  while (used < size) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + used, size - used, static_cast<off_t>(offset + used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading a package"));
    if (got == 0) return no_package("it is cut off");
    used += static_cast<std::size_t>(got);
  }
  return bytes;
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// Where its directory is, as its end says; in 64 bits, where that is said before the end.
Result<Directory> find_directory(const FileDescriptor& file, std::uint64_t size) {
  const std::size_t tail_size = std::min<std::uint64_t>(size, kEndBytes + kCommentMax);
  const std::uint64_t tail_at = size - tail_size;
  const auto tail = read_zip(file, tail_at, tail_size);
  if (!tail) return fail(tail.error());
  std::optional<std::size_t> end;
  for (std::size_t at = tail_size >= kEndBytes ? tail_size - kEndBytes + 1 : 0; at-- > 0 && !end;) {
    if (number_at(*tail, at, 4) != kEndMark) continue;
    if (at + kEndBytes + number_at(*tail, at + 20, 2) == tail_size) end = at;
  }
  if (!end) return no_package("a ZIP file has a directory at its end");
  Directory directory{.offset = number_at(*tail, *end + 16, 4),
                      .size = number_at(*tail, *end + 12, 4)};
  const std::uint64_t end_at = tail_at + *end;
  const bool in_64_bits = directory.offset == kIn64Bits || directory.size == kIn64Bits ||
                          number_at(*tail, *end + 10, 2) == 0xffff;
  if (in_64_bits && end_at >= kLocatorBytes) {
    const auto locator = read_zip(file, end_at - kLocatorBytes, kLocatorBytes);
    if (!locator) return fail(locator.error());
    if (number_at(*locator, 0, 4) == kLocatorMark) {
      const std::uint64_t at = number_at(*locator, 8, 8);
      if (at > size || size - at < kEnd64Bytes) return no_package("its directory is not in it");
      const auto end64 = read_zip(file, at, kEnd64Bytes);
      if (!end64) return fail(end64.error());
      if (number_at(*end64, 0, 4) != kEnd64Mark) return no_package("its directory is not in it");
      directory = {.offset = number_at(*end64, 48, 8), .size = number_at(*end64, 40, 8)};
    }
  }
  if (directory.offset > size || directory.size > size - directory.offset) {
    return no_package("its directory is not in it");
  }
  if (directory.size > kDirectoryBytesMax) {
    return no_package("its directory has more than 64 MiB");
  }
  return directory;
}

/// A member, as the directory has it.
struct Entry {
  std::string_view name;
  std::uint64_t method = 0;
  std::uint64_t flags = 0;
  std::uint64_t packed_bytes = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t offset = 0;
};

/// What did not fit into 32 bits, in this order.
bool read_64_bits(std::string_view extra, Entry& entry) {
  while (extra.size() >= 4) {
    const std::size_t size = number_at(extra, 2, 2);
    if (size > extra.size() - 4) return false;
    std::string_view field = extra.substr(4, size);
    if (number_at(extra, 0, 2) == kField64) {
      for (std::uint64_t* number : {&entry.size_bytes, &entry.packed_bytes, &entry.offset}) {
        if (*number != kIn64Bits) continue;
        if (field.size() < 8) return false;
        *number = number_at(field, 0, 8);
        field.remove_prefix(8);
      }
      return true;
    }
    extra.remove_prefix(4 + size);
  }
  return true;
}

/// The first entry, which is then taken off.
std::optional<Entry> next_entry(std::string_view& rest) {
  if (rest.size() < kEntryBytes || number_at(rest, 0, 4) != kEntryMark) return std::nullopt;
  const std::size_t name = number_at(rest, 28, 2);
  const std::size_t extra = number_at(rest, 30, 2);
  const std::size_t all = kEntryBytes + name + extra + number_at(rest, 32, 2);
  if (all > rest.size()) return std::nullopt;
  Entry entry{.name = rest.substr(kEntryBytes, name),
              .method = number_at(rest, 10, 2),
              .flags = number_at(rest, 8, 2),
              .packed_bytes = number_at(rest, 20, 4),
              .size_bytes = number_at(rest, 24, 4),
              .offset = number_at(rest, 42, 4)};
  if (!read_64_bits(rest.substr(kEntryBytes + name, extra), entry)) return std::nullopt;
  rest.remove_prefix(all);
  return entry;
}

bool is_warc_name(std::string_view name) {
  return name.starts_with("archive/") && (name.ends_with(".warc") || name.ends_with(".warc.gz"));
}

Result<PackedWarc> find_member(const FileDescriptor& file, std::uint64_t size, const Entry& entry) {
  // For errors alone: it is kept nowhere.
  const auto name = [&entry] { return escape_utf8(entry.name.substr(0, kShownMax)); };
  if (entry.method != 0 || (entry.flags & 1) != 0 || entry.packed_bytes != entry.size_bytes) {
    return no_package(name() + " is packed once more; a WARC file is stored in it as it is");
  }
  if (entry.offset > size || size - entry.offset < kMemberBytes) {
    return no_package(name() + " is not in it");
  }
  const auto head = read_zip(file, entry.offset, kMemberBytes);
  if (!head) return fail(head.error());
  const std::uint64_t begin =
      entry.offset + kMemberBytes + number_at(*head, 26, 2) + number_at(*head, 28, 2);
  if (number_at(*head, 0, 4) != kMemberMark || begin > size || entry.size_bytes > size - begin) {
    return no_package(name() + " is not in it");
  }
  return PackedWarc{.offset = static_cast<std::int64_t>(begin),
                    .size_bytes = static_cast<std::int64_t>(entry.size_bytes)};
}

}  // namespace

Result<bool> is_zip(const FileDescriptor& file) {
  char mark[4] = {};
  ssize_t got = -1;
  do {
    got = ::pread(file.get(), mark, sizeof(mark), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail(system_error(errno, "reading a file"));
  return got == sizeof(mark) && number_at({mark, sizeof(mark)}, 0, 4) == kMemberMark;
}

Result<std::vector<PackedWarc>> warcs_in_package(const FileDescriptor& file,
                                                 std::int64_t size_bytes) {
  const auto size = static_cast<std::uint64_t>(size_bytes);
  const auto directory = find_directory(file, size);
  if (!directory) return fail(directory.error());
  const auto bytes = read_zip(file, directory->offset, directory->size);
  if (!bytes) return fail(bytes.error());
  std::vector<PackedWarc> warcs;
  for (std::string_view rest = *bytes; !rest.empty();) {
    const auto entry = next_entry(rest);
    if (!entry) return no_package("its directory is damaged");
    if (!is_warc_name(entry->name)) continue;
    auto warc = find_member(file, size, *entry);
    if (!warc) return fail(warc.error());
    warcs.push_back(std::move(*warc));
    if (warcs.size() > kWarcsMax) return no_package("it has more than 10000 WARC files");
  }
  if (warcs.empty()) return no_package("there is no WARC file below archive/");
  return warcs;
}

}  // namespace waybill
