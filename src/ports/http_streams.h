#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "base/time.h"
#include "ports/http_client.h"

namespace waybill {

/// The body of a request, piece by piece.
class HttpUpload {
 public:
  virtual ~HttpUpload() = default;
  /// Fills the beginning of `room`; answers how much of it, 0: that was all. An error ends the
  /// exchange with it.
  virtual Result<std::size_t> read(std::span<char> room) = 0;
};

/// Takes an answer as it comes. An error ends the exchange with it.
class HttpDownload {
 public:
  virtual ~HttpDownload() = default;
  /// Status and headers, before the first byte of the body.
  virtual Status begin(const HttpResponse& head) = 0;
  /// Some of the body, as it was sent: compression is not undone.
  virtual Status write(std::string_view bytes) = 0;
};

/// Hears an exchange as it goes over the wire, byte for byte. It calls no exchange.
class HttpWire {
 public:
  virtual ~HttpWire() = default;
  /// The head of the request as it was sent, with the empty line at its end.
  virtual void request_head(std::string_view bytes) = 0;
  /// The head of the final answer as it was received, likewise; before HttpDownload::begin.
  virtual void answer_head(std::string_view bytes) = 0;
};

struct HttpExchange {
  HttpRequest request;  ///< its body is sent where there is no upload
  HttpUpload* upload = nullptr;
  std::int64_t upload_bytes = -1;  ///< how many it has; -1: not known, then it is sent in chunks
  /// Where fewer bytes than these come and go for `slow_max` it is given up; 0: never for that.
  std::int64_t bytes_per_second_min = 0;
  Duration slow_max = std::chrono::seconds(60);
  /// With one the download gets the body as it was received: its transfer coding (chunks) is not
  /// undone either.
  HttpWire* wire = nullptr;
};

/// HTTP for what does not fit into memory: as HttpClient sends and answers, but for what is said
/// here. A request is sent at most once. Thread-safe; blocks.
class HttpStreams {
 public:
  virtual ~HttpStreams() = default;
  /// The answer without its body; trailers follow the headers. Errors as HttpClient::send:
  /// `aborted` also where the body was cut off, `deadline_exceeded` where it came too slowly.
  virtual Result<HttpResponse> exchange(const HttpExchange& exchange, HttpDownload& download,
                                        const Deadline& deadline) = 0;
};

}  // namespace waybill
