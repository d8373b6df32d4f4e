#include "kinds/archive/warc/gzip_member.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace waybill {
namespace {

constexpr std::size_t kDeflateStep = 1 << 30;  // zlib counts in unsigned int

}  // namespace

struct GzipMember::Stream {
  z_stream z{};
  std::array<char, 64 * 1024> room;

  Status run(int flush, const ByteSink& sink) {
    int ended = Z_OK;
    do {
      z.next_out = reinterpret_cast<Bytef*>(room.data());
      z.avail_out = static_cast<uInt>(room.size());
      ended = deflate(&z, flush);
      WAYBILL_CHECK(ended != Z_STREAM_ERROR, "deflate is asked for what it can do");
      const std::string_view packed(room.data(), room.size() - z.avail_out);
      if (packed.empty()) continue;
      if (Status taken = sink(packed); !taken) return taken;
    } while (z.avail_out == 0 && ended != Z_STREAM_END);
    return {};
  }
};

GzipMember::GzipMember() : stream_(std::make_unique<Stream>()) {
  constexpr int kGzipFormat = 15 + 16;  // the largest window, with gzip's header
  const int begun = deflateInit2(&stream_->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipFormat, 8,
                                 Z_DEFAULT_STRATEGY);
  WAYBILL_CHECK(begun == Z_OK, "deflate begins unless memory is used up");
}

GzipMember::~GzipMember() { deflateEnd(&stream_->z); }

Status GzipMember::add(std::string_view bytes, const ByteSink& sink) {
  while (!bytes.empty()) {
    const std::string_view step = bytes.substr(0, kDeflateStep);
    stream_->z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(step.data()));
    stream_->z.avail_in = static_cast<uInt>(step.size());
    if (Status taken = stream_->run(Z_NO_FLUSH, sink); !taken) return taken;
    bytes.remove_prefix(step.size());
  }
  return {};
}

Status GzipMember::finish(const ByteSink& sink) {
  Status taken = stream_->run(Z_FINISH, sink);
  reset();
  return taken;
}

void GzipMember::reset() { deflateReset(&stream_->z); }

}  // namespace waybill
