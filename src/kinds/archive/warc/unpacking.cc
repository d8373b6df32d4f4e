#include "kinds/archive/warc/unpacking.h"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace waybill {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
/// zlib: the largest window, and the format of gzip.
constexpr int kGzipWindowBits = 15 + 16;

}  // namespace

struct UnpackingFile::Stream {
  Stream() { is_made = ::inflateInit2(&state, kGzipWindowBits) == Z_OK; }
  ~Stream() {
    if (is_made) ::inflateEnd(&state);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream state{};
  bool is_made = false;
};

UnpackingFile::UnpackingFile(const FileDescriptor& file, std::int64_t offset, std::int64_t size)
    : file_(file),
      begin_(offset),
      end_(offset + size),
      at_(offset),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {}
UnpackingFile::~UnpackingFile() = default;

std::int64_t UnpackingFile::position() const {
  return at_ - begin_ - static_cast<std::int64_t>(size_ - next_);
}

/// How many bytes are there then; 0: that was all.
Result<std::size_t> UnpackingFile::fill() {
  if (next_ < size_) return size_ - next_;
  next_ = size_ = 0;
  const auto wanted = static_cast<std::size_t>(
      std::min<std::int64_t>(static_cast<std::int64_t>(kBufferBytes), end_ - at_));
  while (wanted > 0) {
    const ssize_t got = ::pread(file_.get(), buffer_.get(), wanted, at_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading the file"));
    size_ = static_cast<std::size_t>(got);
    at_ += got;
    break;
  }
  return size_;
}

Result<std::size_t> UnpackingFile::read(std::span<char> room) {
  const auto there = fill();
  if (!there) return there;
  if (!is_begun_) {
    is_begun_ = true;
    const bool is_packed = *there >= 2 && buffer_[0] == '\x1f' && buffer_[1] == '\x8b';
    if (is_packed) stream_ = std::make_unique<Stream>();
    if (is_packed && !stream_->is_made) return fail(Code::resource_exhausted, "no memory for zlib");
  }
  if (stream_ != nullptr) return unpack(room);
  const std::size_t count = std::min(*there, room.size());
  std::memcpy(room.data(), buffer_.get() + next_, count);
  next_ += count;
  return count;
}

Result<std::size_t> UnpackingFile::unpack(std::span<char> room) {
  z_stream& state = stream_->state;
  while (true) {
    const auto there = fill();
    if (!there) return there;
    if (*there == 0) {
      if (!is_in_member_) return 0;
      return fail(Code::failed_precondition, "it ends in the middle of what was packed");
    }
    is_in_member_ = true;
    state.next_in = reinterpret_cast<Bytef*>(buffer_.get() + next_);
    state.avail_in = static_cast<uInt>(*there);
    state.next_out = reinterpret_cast<Bytef*>(room.data());
    state.avail_out = static_cast<uInt>(room.size());
    const int done = ::inflate(&state, Z_NO_FLUSH);
    next_ = size_ - state.avail_in;
    if (done == Z_STREAM_END) {
      is_in_member_ = false;
      if (::inflateReset(&state) != Z_OK) return fail(Code::internal, "zlib cannot begin anew");
    } else if (done != Z_OK && done != Z_BUF_ERROR) {
      return fail(Code::failed_precondition, "what was packed is damaged");
    }
    const std::size_t count = room.size() - state.avail_out;
    if (count > 0) return count;
  }
}

}  // namespace waybill
