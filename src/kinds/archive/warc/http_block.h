#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/warc/chunked.h"

namespace waybill {

/// Takes the block of a record with an HTTP answer apart, as it comes: its head, and its payload
/// without chunks.
class HttpBlock {
 public:
  using Sink = ChunkedReader::Sink;
  /// Gives what belongs to the payload to `sink`. False: it is no HTTP answer.
  bool add(std::string_view bytes, const Sink& sink);
  /// When all of the block was added.
  bool finish(const Sink& sink);

  /// With the empty line that ends it, and without what only says how it was sent
  /// (`Transfer-Encoding`).
  const std::string& head() const { return head_; }
  int status() const { return status_; }
  /// Of `Content-Type`; empty: it says none.
  const std::string& media_type() const { return media_type_; }

 private:
  bool begin_payload();
  void give(std::string_view bytes, const Sink& sink);

  std::string head_;
  std::string begun_;  // of a payload that may have chunks
  bool has_head_ = false;
  bool says_chunks_ = false;
  std::optional<bool> has_chunks_;
  ChunkedReader chunks_;
  int status_ = 0;
  std::string media_type_;
};

}  // namespace waybill
