#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace waybill {

/// Undoes the chunked transfer coding (RFC 9112, 7.1) of a body that comes in pieces. What is out
/// of shape ends it: the rest is then passed over.
class ChunkedReader {
 public:
  using Sink = std::function<void(std::string_view)>;
  /// Gives the content in `bytes` to `sink`.
  void add(std::string_view bytes, const Sink& sink);
  /// Whether the last chunk has come.
  bool is_whole() const { return state_ == State::whole; }

 private:
  enum class State : std::uint8_t { size, data, data_end, trailer, whole, broken };
  void take_line(std::string_view line);

  State state_ = State::size;
  std::string line_;
  std::uint64_t left_ = 0;
};

}  // namespace waybill
