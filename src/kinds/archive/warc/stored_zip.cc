#include "kinds/archive/warc/stored_zip.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "base/digest.h"
#include "kinds/archive/warc/gzip_member.h"
#include "kinds/archive/warc/spool.h"

namespace waybill {
namespace {

constexpr std::int64_t kZip32Max = 0xffffffff;
constexpr std::uint16_t kZip64Version = 45;
constexpr std::uint16_t kUtf8Names = 1 << 11;

/// Little-endian, as all numbers of a ZIP file.
void put16(std::string& out, std::uint64_t number) {
  for (int i = 0; i < 2; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}
void put32(std::string& out, std::uint64_t number) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}
void put64(std::string& out, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

std::uint64_t short_of(std::int64_t number) {
  return static_cast<std::uint64_t>(std::min(number, kZip32Max));
}

std::uint32_t dos_stamp(Time now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  const int year = std::clamp(static_cast<int>(date.year()), 1980, 2107);
  const auto days = static_cast<std::uint32_t>(year - 1980) << 9 |
                    static_cast<unsigned>(date.month()) << 5 | static_cast<unsigned>(date.day());
  const auto seconds = static_cast<std::uint32_t>(
      time.hours().count() << 11 | time.minutes().count() << 5 | time.seconds().count() / 2);
  return days << 16 | seconds;
}

/// Gives a file piece by piece.
Status read_pieces(const std::string& path, const ByteSink& sink) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  std::string room(1 << 18, '\0');
  while (true) {
    const ssize_t got = ::read(file.get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + path));
    if (got == 0) return {};
    if (Status taken = sink({room.data(), static_cast<std::size_t>(got)}); !taken) return taken;
  }
}

std::uint32_t crc_of(std::uint32_t crc, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

StoredZip::StoredZip(std::string path, FileDescriptor file, Time now)
    : path_(std::move(path)), file_(std::move(file)), stamp_(dos_stamp(now)) {}

Result<StoredZip> StoredZip::create(const std::string& path, Time now) {
  FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  return StoredZip(path, std::move(file), now);
}

Status StoredZip::write(std::string_view bytes) {
  at_ += static_cast<std::int64_t>(bytes.size());
  return write_all(file_, bytes, "writing " + path_);
}

Status StoredZip::begin(const std::string& name, std::uint32_t crc, std::int64_t size) {
  const std::int64_t offset = at_;
  const bool is_large = size >= kZip32Max;
  const bool is_far = offset >= kZip32Max;
  std::string common;  // from the flags to the length of the name
  put16(common, kUtf8Names);
  put16(common, 0);  // stored
  put32(common, stamp_);
  put32(common, crc);
  put32(common, short_of(size));
  put32(common, short_of(size));
  put16(common, name.size());
  const std::uint16_t version = is_large || is_far ? kZip64Version : 20;
  std::string local;
  put32(local, 0x04034b50);
  put16(local, version);
  local += common;
  put16(local, is_large ? 20 : 0);
  local += name;
  if (is_large) {
    put16(local, 1);
    put16(local, 16);
    put64(local, static_cast<std::uint64_t>(size));
    put64(local, static_cast<std::uint64_t>(size));
  }
  std::string extra;
  if (is_large || is_far) {
    put16(extra, 1);
    put16(extra, (is_large ? 16 : 0) + (is_far ? 8 : 0));
    if (is_large) put64(extra, static_cast<std::uint64_t>(size));
    if (is_large) put64(extra, static_cast<std::uint64_t>(size));
    if (is_far) put64(extra, static_cast<std::uint64_t>(offset));
  }
  put32(directory_, 0x02014b50);
  put16(directory_, version);
  put16(directory_, version);
  directory_ += common;
  put16(directory_, extra.size());
  put16(directory_, 0);  // comment
  put16(directory_, 0);  // disk
  put16(directory_, 0);  // attributes
  put32(directory_, 0);
  put32(directory_, short_of(offset));
  directory_ += name + extra;
  return write(local);
}

Status StoredZip::add_text(const std::string& name, std::string_view text) {
  const auto size = static_cast<std::int64_t>(text.size());
  if (Status begun = begin(name, crc_of(0, text), size); !begun) return begun;
  members_.push_back({.name = name, .sha256 = to_hex(sha256(text)), .size_bytes = size});
  return write(text);
}

Status StoredZip::add_file(const std::string& name, const std::string& path) {
  std::uint32_t crc = 0;
  std::int64_t size = 0;
  Sha256 digest;
  Status read = read_pieces(path, [&](std::string_view bytes) {
    crc = crc_of(crc, bytes);
    size += static_cast<std::int64_t>(bytes.size());
    digest.add(bytes);
    return Status();
  });
  if (read) read = begin(name, crc, size);
  const std::int64_t begun_at = at_;
  if (read) read = read_pieces(path, [&](std::string_view bytes) { return write(bytes); });
  if (!read) return read;
  if (at_ != begun_at + size) return fail(Code::aborted, path + " has changed while it was read");
  members_.push_back({.name = name, .sha256 = to_hex(digest.finish()), .size_bytes = size});
  return {};
}

Status StoredZip::finish() {
  const std::int64_t offset = at_;
  const auto size = static_cast<std::int64_t>(directory_.size());
  const auto count = static_cast<std::int64_t>(members_.size());
  std::string end;
  if (offset >= kZip32Max || size >= kZip32Max || count >= 0xffff) {
    put32(end, 0x06064b50);
    put64(end, 44);
    put16(end, kZip64Version);
    put16(end, kZip64Version);
    put32(end, 0);
    put32(end, 0);
    put64(end, static_cast<std::uint64_t>(count));
    put64(end, static_cast<std::uint64_t>(count));
    put64(end, static_cast<std::uint64_t>(size));
    put64(end, static_cast<std::uint64_t>(offset));
    put32(end, 0x07064b50);
    put32(end, 0);
    put64(end, static_cast<std::uint64_t>(offset + size));
    put32(end, 1);
  }
  put32(end, 0x06054b50);
  put16(end, 0);
  put16(end, 0);
  put16(end, static_cast<std::uint64_t>(std::min<std::int64_t>(count, 0xffff)));
  put16(end, static_cast<std::uint64_t>(std::min<std::int64_t>(count, 0xffff)));
  put32(end, short_of(size));
  put32(end, short_of(offset));
  put16(end, 0);
  Status written = write(directory_ + end);
  if (written && ::fdatasync(file_.get()) != 0) {
    return fail(system_error(errno, "syncing " + path_));
  }
  return written;
}

}  // namespace waybill
