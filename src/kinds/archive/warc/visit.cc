#include "kinds/archive/warc/visit.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace waybill {
namespace {

std::string_view truncation_of(Code code) {
  switch (code) {
    case Code::out_of_range:
      return "length";
    case Code::deadline_exceeded:
      return "time";
    default:
      return "disconnect";
  }
}

}  // namespace

void CaptureVisit::request_head(std::string_view bytes) {
  // With a proxy there may be a CONNECT before it.
  if (bytes.starts_with("GET ") || bytes.starts_with("CONNECT ")) captured_.request_head.clear();
  captured_.request_head += bytes;
}

void CaptureVisit::answer_head(std::string_view bytes) { captured_.answer_head = bytes; }

Status CaptureVisit::begin(const HttpResponse& head) {
  is_begun_ = true;
  captured_.head = head;
  is_chunked_ = to_lower(header(head, "transfer-encoding")).ends_with("chunked");
  block_.add(captured_.answer_head);
  return {};
}

void CaptureVisit::count(std::string_view payload) {
  payload_.add(payload);
  captured_.payload_bytes += static_cast<std::int64_t>(payload.size());
}

Status CaptureVisit::write(std::string_view bytes) {
  const std::int64_t room = params_.bytes_max - body_.size_bytes();
  const bool is_too_much = static_cast<std::int64_t>(bytes.size()) > room;
  if (is_too_much) bytes = bytes.substr(0, static_cast<std::size_t>(room));
  disk_ = body_.append(bytes);
  if (!disk_) return disk_;
  block_.add(bytes);
  if (is_chunked_) {
    chunks_.add(bytes, [this](std::string_view content) { count(content); });
  } else {
    count(bytes);
  }
  if (is_too_much) return fail(Code::out_of_range, "it has more than bytes_max");
  return {};
}

Result<CapturedExchange> CaptureVisit::get(const std::string& url, const Deadline& deadline) {
  captured_.url = url;
  captured_.begun_at = clock_.now();
  const HttpExchange exchange{.request = {.url = url, .headers = {{"Accept-Encoding", "identity"}}},
                              .bytes_per_second_min = params_.bytes_per_second_min,
                              .slow_max = params_.slow_max,
                              .wire = this};
  const Deadline limit{.at = std::min(deadline.at, clock_.steady_now() + params_.time_max),
                       .stop = deadline.stop};
  const auto answer = http_.exchange(exchange, *this, limit);
  if (!disk_) return fail(disk_.error());
  if (!answer) {
    const bool is_answer = is_begun_ && answer.error().code != Code::cancelled;
    if (!is_answer) return fail(answer.error());
    captured_.truncated = truncation_of(answer.error().code);
    captured_.reason = answer.error().message;
  }
  captured_.block_digest = to_hex(block_.finish());
  captured_.payload_digest = to_hex(payload_.finish());
  return std::move(captured_);
}

}  // namespace waybill
