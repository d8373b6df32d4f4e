#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "core/warc/chunked.h"
#include "kinds/archive/warc/spool.h"
#include "ports/clock.h"
#include "ports/http_streams.h"

namespace waybill {

struct CaptureVisitParams {
  std::int64_t bytes_max = 0;  ///< of a body, as it is received
  Duration time_max{};         ///< of an exchange
  std::int64_t bytes_per_second_min = 0;
  Duration slow_max = std::chrono::seconds(60);
};

/// One exchange as it went over the wire.
struct CapturedExchange {
  std::string url;
  Time begun_at{};
  HttpResponse head;
  std::string request_head;
  std::string answer_head;
  std::string block_digest;    ///< 64 hexadecimal digits
  std::string payload_digest;  ///< of the body without its transfer coding, likewise
  std::int64_t payload_bytes = 0;
  std::string_view truncated;  ///< as `WARC-Truncated` has it; empty: it is whole
  std::string reason;          ///< why it is not whole
};

/// Asks for a URL and takes the answer as it comes, whatever it is. Compression is not undone.
class CaptureVisit final : public HttpDownload, public HttpWire {
 public:
  /// The body goes to `body`. All of it outlives the visit.
  CaptureVisit(HttpStreams& http, Clock& clock, const CaptureVisitParams& params, Spool& body)
      : http_(http), clock_(clock), params_(params), body_(body) {}

  /// Errors as HttpStreams, of what brought no answer; what broke off behind its head is an
  /// answer that is truncated. To be called once.
  Result<CapturedExchange> get(const std::string& url, const Deadline& deadline);

  Status begin(const HttpResponse& head) override;
  Status write(std::string_view bytes) override;
  void request_head(std::string_view bytes) override;
  void answer_head(std::string_view bytes) override;

 private:
  void count(std::string_view payload);

  HttpStreams& http_;
  Clock& clock_;
  const CaptureVisitParams& params_;
  Spool& body_;
  CapturedExchange captured_;
  Sha256 block_;
  Sha256 payload_;
  ChunkedReader chunks_;
  bool is_begun_ = false;
  bool is_chunked_ = false;
  Status disk_;  // why the body cannot be kept
};

}  // namespace waybill
