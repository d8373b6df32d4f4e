#include "kinds/archive/fetch/visit.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

constexpr std::size_t kSaidBytesMax = 200;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// What a request for the rest may name the content by (RFC 9110, 13.1.5): a strong ETag, else the
/// time of its last change.
std::string validator_of(const HttpResponse& head) {
  const std::string_view etag = header(head, "etag");
  if (!etag.empty() && !etag.starts_with("W/")) return std::string(etag);
  return std::string(header(head, "last-modified"));
}

/// Scheme, host and port.
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  return host == url.npos ? url : url.substr(0, url.find_first_of("/?#", host + 3));
}

}  // namespace

Status wrong_size(const std::string& url, const std::string& has, const FetchOrder& order) {
  return fail(Code::data_loss, shown_url(url) + " has " + has + " bytes, but by the metalink " +
                                   std::to_string(order.size_bytes) + "; it was not kept");
}

/// Whether what is in the file can be the beginning of what the server has now.
bool FetchVisit::may_go_on(const std::string& url) const {
  const PartialFile::Source& source = ports_.partial.source();
  if (ports_.partial.size_bytes() == 0) return false;
  // By its digest it shows in the end, wherever it comes from.
  if (!expected_.empty()) return true;
  return source.url == url && !source.validator.empty();
}

HttpRequest FetchVisit::request(const std::string& url, const std::string& at) const {
  HttpRequest request{.url = at, .headers = {{"Accept-Encoding", "identity"}}};
  const FetchOrder& order = ports_.terms.order;
  if (origin_of(url) == origin_of(at)) {
    request.headers.insert(request.headers.end(), order.headers.begin(), order.headers.end());
  }
  if (!order.if_none_match.empty()) {
    request.headers.emplace_back("If-None-Match", order.if_none_match);
  }
  if (!order.if_modified_since.empty()) {
    request.headers.emplace_back("If-Modified-Since", order.if_modified_since);
  }
  if (!may_go_on(url)) return request;
  request.headers.emplace_back("Range",
                               "bytes=" + std::to_string(ports_.partial.size_bytes()) + "-");
  const PartialFile::Source& source = ports_.partial.source();
  if (source.url == url && !source.validator.empty()) {
    request.headers.emplace_back("If-Range", source.validator);
  }
  return request;
}

Result<FetchVisit::End> FetchVisit::ask(const std::string& url, const std::string& at) {
  url_ = url;
  at_ = at;
  const PartialFile& partial = ports_.partial;
  const bool is_whole =
      partial.size_bytes() > 0 && may_go_on(url) && partial.size_bytes() == partial.source().total;
  if (is_whole) return End::whole;
  const HttpExchange exchange{.request = request(url, at),
                              .bytes_per_second_min = ports_.params.bytes_per_second_min,
                              .slow_max = ports_.params.slow_max};
  const auto answer = ports_.http.exchange(exchange, *this, ports_.terms.deadline);
  if (end_) return *end_;
  if (answer) return ended();
  Error error = answer.error();
  if (error.code == Code::permission_denied) {
    error.message += "; to reach private networks, name them in --fetch-networks of the worker";
  }
  return fail(std::move(error));
}

Result<FetchVisit::End> FetchVisit::ended() const {
  if (!takes_) return fail(error_of_status(head_, at_, ports_.clock.now(), said_));
  if (total_ < 0 || ports_.partial.size_bytes() == total_) return End::whole;
  return fail(Code::aborted, shown_url(at_) + " sent " +
                                 std::to_string(ports_.partial.size_bytes()) + " of " +
                                 std::to_string(total_) + " bytes");
}

Status FetchVisit::done(End end) {
  end_ = end;
  return fail(Code::cancelled, "the rest of the answer is not needed");
}

Status FetchVisit::begin(const HttpResponse& head) {
  head_ = head;
  if (head.status == 304) return done(End::not_modified);
  if (is_redirect(head.status)) {
    const std::string_view location = header(head, "location");
    if (location.empty()) {
      return fail(Code::failed_precondition,
                  shown_url(at_) + " answers " + std::to_string(head.status) + " without Location");
    }
    auto resolved = resolve_http_url(at_, location);
    if (!resolved) {
      return fail(Code::failed_precondition,
                  shown_url(at_) + " redirects: " + resolved.error().message);
    }
    location_ = std::move(*resolved);
    return done(End::redirected);
  }
  if (head.status == 416 && ports_.partial.size_bytes() > 0) return done(End::useless);
  if (head.status == 200) return begin_whole();
  if (head.status == 206) return begin_rest();
  return {};
}

std::int64_t FetchVisit::said_length() const {
  const std::string_view text = header(head_, "content-length");
  std::int64_t length = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && length >= 0 ? length : -1;
}

Status FetchVisit::begin_whole() {
  total_ = said_length();
  if (Status room = check_room(total_); !room) return room;
  takes_ = true;
  return ports_.partial.restart({.url = url_, .validator = validator_of(head_), .total = total_});
}

Status FetchVisit::begin_rest() {
  const auto range = parse_content_range(header(head_, "content-range"));
  const std::int64_t known = ports_.partial.source().total;
  const bool goes_on = range && range->first == ports_.partial.size_bytes() &&
                       (known < 0 || range->total < 0 || range->total == known);
  if (!goes_on) return done(End::useless);
  total_ = range->total >= 0 ? range->total : known;
  takes_ = true;
  return check_room(total_);
}

/// `whole`: -1 where nobody knows.
Status FetchVisit::check_room(std::int64_t whole) const {
  const FetchOrder& order = ports_.terms.order;
  if (whole >= 0 && order.size_bytes >= 0 && whole != order.size_bytes) {
    return wrong_size(at_, std::to_string(whole), order);
  }
  const std::int64_t most = order.bytes_max;
  if (whole > most) {
    return fail(Code::out_of_range, shown_url(at_) + " has " + format_size(whole) +
                                        ", more than the limit of " + format_size(most) +
                                        "; raise limits.artifacts in the definition's spec");
  }
  const auto free = ports_.partial.free_bytes();
  if (!free) return fail(free.error());
  const std::int64_t there = ports_.partial.size_bytes();
  const std::int64_t needed = std::max<std::int64_t>(whole - there, 0) +
                              (ports_.params.counts_copy ? std::max<std::int64_t>(whole, 0) : 0) +
                              ports_.params.free_bytes_min;
  if (*free >= needed) return {};
  return fail(Code::resource_exhausted, "the disk of " + ports_.params.directory + " has " +
                                            format_size(*free) + " free, and " +
                                            format_size(needed) +
                                            " are needed for it; make room, it is tried again");
}

Status FetchVisit::write(std::string_view bytes) {
  if (!takes_) {
    said_.append(bytes.substr(0, kSaidBytesMax - std::min(said_.size(), kSaidBytesMax)));
    return said_.size() < kSaidBytesMax
               ? Status()
               : Status(fail(error_of_status(head_, at_, ports_.clock.now(), said_)));
  }
  const std::int64_t after = ports_.partial.size_bytes() + static_cast<std::int64_t>(bytes.size());
  const FetchOrder& order = ports_.terms.order;
  if (order.size_bytes >= 0 && after > order.size_bytes) {
    if (Status emptied = ports_.partial.restart({}); !emptied) return emptied;
    return wrong_size(at_, "more", order);
  }
  if (after > order.bytes_max) {
    return fail(Code::out_of_range, shown_url(at_) + " sends more than the limit of " +
                                        format_size(order.bytes_max) +
                                        "; raise limits.artifacts in the definition's spec");
  }
  if (Status written = ports_.partial.append(bytes); !written) return written;
  received_ += static_cast<std::int64_t>(bytes.size());
  if (ports_.terms.progress) {
    ports_.terms.progress(after, total_ < 0 ? order.size_bytes : total_);
  }
  return {};
}

}  // namespace waybill
