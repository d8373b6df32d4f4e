#include "core/warc/chunked.h"

#include <algorithm>
#include <charconv>

namespace waybill {
namespace {

/// A line of sizes or trailers longer than this is none.
constexpr std::size_t kChunkLineMax = 64 * 1024;

}  // namespace

void ChunkedReader::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  switch (state_) {
    case State::data_end:
      state_ = line.empty() ? State::size : State::broken;
      return;
    case State::trailer:
      if (line.empty()) state_ = State::whole;
      return;
    default: {
      const char* const end = line.data() + line.size();
      const auto [after, error] = std::from_chars(line.data(), end, left_, 16);
      const bool is_size = error == std::errc() && (after == end || *after == ';' || *after == ' ');
      if (!is_size) {
        state_ = State::broken;
      } else {
        state_ = left_ == 0 ? State::trailer : State::data;
      }
    }
  }
}

void ChunkedReader::add(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty() && state_ != State::whole && state_ != State::broken) {
    if (state_ == State::data) {
      const auto piece = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
      sink(piece);
      left_ -= piece.size();
      bytes.remove_prefix(piece.size());
      if (left_ == 0) state_ = State::data_end;
      continue;
    }
    const auto end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > kChunkLineMax) {
      state_ = State::broken;
    } else if (end == bytes.npos) {
      return;
    } else {
      bytes.remove_prefix(end + 1);
      take_line(line_);
      line_.clear();
    }
  }
}

}  // namespace waybill
