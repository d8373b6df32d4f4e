#include "http/exchange.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "core/size.h"
#include "http/connections.h"
#include "http/etag.h"
#include "http/gzip.h"
#include "http/library_refusals.h"
#include "http/target.h"

namespace waybill::http {
namespace {

/// Held by each stream for as long as it is open: room for a few events.
constexpr std::size_t kStreamBlock = 1u << 10;
/// Smaller ones fit into a packet either way.
constexpr std::size_t kGzipFrom = 1400;
/// The CR LF after a header.
constexpr std::ptrdiff_t kLineEnd = 2;
/// What begin_exchange says that the client's cookie is, so that the library takes none apart.
constexpr const char* kNoCookie = "";

/// libmicrohttpd of that age cuts a value at its first NUL, and ends a line also where there is no
/// CR LF. The lines stand in its memory one behind the other, their ends made NULs: what it does
/// not say of them shows there.
constexpr bool kLinesAreInMemory = MHD_VERSION < 0x00097700;

struct Lines {
  Pairs& headers;
  const char* end = nullptr;  ///< of the value before, where the NUL of its CR is
  bool are_whole = true;
};

MHD_Result take_header(void* to, MHD_ValueKind, const char* name, std::size_t name_size,
                       const char* value, std::size_t value_size) {
  if (value == kNoCookie) return MHD_YES;  // ours
  auto& lines = *static_cast<Lines*>(to);
  if (lines.end != nullptr && name != lines.end + kLineEnd) lines.are_whole = false;
  lines.end = value + value_size;
  lines.headers.emplace_back(to_lower(std::string_view(name, name_size)),
                             without_padding(std::string_view(value, value_size)));
  return MHD_YES;
}

/// False: one of them goes on after a NUL, or in the next line, or does not end with CR LF.
bool take_headers(Exchange& exchange) {
  Lines lines{.headers = exchange.request.headers};
  MHD_get_connection_values_n(exchange.connection, MHD_HEADER_KIND, &take_header, &lines);
  if (!kLinesAreInMemory || lines.end == nullptr) return true;
  // After the last one there is at least the end of the empty line.
  return lines.are_whole && lines.end[1] == '\0';
}

std::string peer_of(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (info == nullptr || info->client_addr == nullptr) return "";
  const sockaddr* address = info->client_addr;
  const void* bytes =
      address->sa_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
  return inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr ? ""
                                                                                   : text.data();
}

/// As it was sent, or nearly.
std::size_t header_bytes(const Exchange& exchange) {
  std::size_t bytes = exchange.request.method.size() + exchange.target.size();
  for (const auto& [name, value] : exchange.request.headers) {
    bytes += name.size() + value.size() + std::string_view(": \r\n").size();
  }
  return bytes;
}

ssize_t read_stream(void* from, std::uint64_t, char* to, std::size_t size) {
  auto& exchange = *static_cast<Exchange*>(from);
  MHD_Connection* const connection = exchange.connection;
  std::size_t got = 0;
  const auto read = exchange.stream->read(
      to, size, got, [connection] { MHD_suspend_connection(connection); },
      [connection] { MHD_resume_connection(connection); });
  if (read == BodyStream::Read::ended) return MHD_CONTENT_READER_END_OF_STREAM;
  return static_cast<ssize_t>(got);
}

/// The library closes the descriptor that it is given.
MHD_Response* with_file(const FilePiece& piece) {
  const int file = ::fcntl(piece.file.get(), F_DUPFD_CLOEXEC, 0);
  if (file < 0) return nullptr;
  MHD_Response* const made = MHD_create_response_from_fd_at_offset64(
      static_cast<std::uint64_t>(piece.size_bytes), file, static_cast<std::uint64_t>(piece.offset));
  if (made == nullptr) ::close(file);
  return made;
}

MHD_Response* with_body(Response& response) {
  // It belongs to the exchange, which outlives the sending.
  return MHD_create_response_from_buffer(response.body.size(), response.body.data(),
                                         MHD_RESPMEM_PERSISTENT);
}

/// An open stream needs no more of it, and there may be thousands.
void forget_what_was_asked(Exchange& exchange) {
  exchange.request = {};
  exchange.target = {};
  exchange.response->headers = {};
}

/// RFC 9112, 3.2.2: what the target says goes before the header.
void replace_host(Request& request, const std::string& authority) {
  for (auto& [name, value] : request.headers) {
    if (name == "host") value = authority;
  }
}

}  // namespace

std::string too_large(std::size_t bytes_max) {
  return "the body has more than " + format_size(static_cast<std::int64_t>(bytes_max)) +
         ", the most that is taken at once";
}

void begin_head(Exchange& exchange, const char* target, MHD_Connection* connection) {
  exchange.target = target;
  exchange.target_at = target;
  exchange.connection = connection;
  // Both would be taken apart into the memory of the headers, where nobody looks at them, and many
  // would fill it: the target's parameters, and the first cookie, which is now this one.
  if (char* const query = std::strchr(const_cast<char*>(target), '?')) query[1] = '\0';
  MHD_set_connection_value_n(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_COOKIE,
                             std::strlen(MHD_HTTP_HEADER_COOKIE), kNoCookie, 0);
}

void note_line(Exchange& exchange, const char* method, const char* version) {
  const bool is_old = std::string_view(version) == MHD_HTTP_VERSION_1_0;
  exchange.host_rule = is_old ? HostRule::may_lack : HostRule::needed;
  if (!kLinesAreInMemory) return;
  // The two spaces between the three have become NULs; a target may stand behind more of them.
  const char* const target = exchange.target_at;
  const char* const after_method = method + std::strlen(method) + 1;
  exchange.line_is_whole = after_method <= target &&
                           std::all_of(after_method, target, [](char c) { return c == ' '; }) &&
                           target + exchange.target.size() + 1 == version;
}

bool is_body_coming(const Exchange& exchange) {
  const Request& request = exchange.request;
  if (exchange.body_bytes > 0) return true;
  if (request.has_header("expect")) return false;
  const std::string_view length = request.header("content-length");
  return request.has_header("transfer-encoding") || length.find_first_not_of('0') != length.npos;
}

bool ends_connection(const Exchange& exchange) {
  return exchange.request.has_header("transfer-encoding");
}

std::size_t throw_body_away(Exchange& exchange) {
  exchange.is_refused = true;
  exchange.request.body = {};
  return std::exchange(exchange.body_bytes, 0);
}

MHD_Result end_refused(Exchange& exchange) {
  // With more of it unread the client might be told of a reset rather than of the answer.
  read_away(exchange.client->socket());
  return MHD_NO;
}

std::string begin_request(Exchange& exchange, const char* method, const RequestLimits& limits,
                          int& status) {
  Request& request = exchange.request;
  exchange.begun = true;
  request.method = method;
  request.peer = peer_of(exchange.connection);
  const bool are_whole = take_headers(exchange);
  if (exchange.target.size() > limits.target_bytes_max) {
    status = 414;
    return "the path and query have more than " + std::to_string(limits.target_bytes_max) +
           " bytes, the most that is taken";
  }
  if (header_bytes(exchange) > limits.header_bytes_max) {
    status = 431;
    return "the request's headers have more than " + std::to_string(limits.header_bytes_max) +
           " bytes, the most that is taken";
  }
  status = 400;
  if (!exchange.line_is_whole) return "the request line has a NUL in it";
  if (!are_whole) {
    return "a header has a NUL in it, goes on in another line, or does not end with CR LF";
  }
  if (std::string fault = header_fault(request, exchange.host_rule); !fault.empty()) return fault;
  auto target = parse_target(exchange.target);
  if (!target) return target.error().message;
  request.path = std::move(target->path);
  request.segments = std::move(target->segments);
  request.query = std::move(target->query);
  if (!target->authority.empty()) replace_host(request, target->authority);
  const std::string_view length = request.header("content-length");
  const bool is_more = length.size() > 12 || (!length.empty() && std::stoull(std::string(length)) >
                                                                     limits.body_bytes_max);
  status = 413;
  return is_more ? too_large(limits.body_bytes_max) : "";
}

std::string why_unreadable(MHD_Connection& connection, const Exchange* exchange, int status) {
  if (status == MHD_HTTP_URI_TOO_LONG) return "the request line is longer than is taken";
  if (status == MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE) {
    return "the request's headers have more bytes than are taken";
  }
  if (exchange == nullptr) {
    return "the request line is none of HTTP/1.1: METHOD TARGET HTTP/1.1";
  }
  if (exchange->begun) return "the body's chunks cannot be read, or one is too large";
  const char* const length =
      MHD_lookup_connection_value(&connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  const std::string_view digits = length == nullptr ? "0" : length;
  const bool is_number = !digits.empty() && std::ranges::all_of(digits, is_digit);
  if (status == MHD_HTTP_CONTENT_TOO_LARGE || !is_number) {
    return "its Content-Length is no number of bytes that are taken";
  }
  return "a header is none, NAME: VALUE";
}

int refusal_status(int status) {
  switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE:
    case MHD_HTTP_URI_TOO_LONG:
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
      return status;
    default:
      return MHD_HTTP_BAD_REQUEST;
  }
}

void compress(const Request& request, Response& response) {
  if (response.body.size() < kGzipFrom) return;
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(response.headers,
                               [&](const auto& header) { return header.first == name; });
  };
  if (has("Content-Encoding")) return;
  if (!has("Vary")) response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!takes_gzip(request.header("accept-encoding"))) return;
  response.body = gzip(response.body);
  for (auto& [name, value] : response.headers) {
    if (name == "ETag" && !value.starts_with("W/")) value = etag_of_gzip(value);
  }
  if (response.status == MHD_HTTP_NOT_MODIFIED) return;  // its length alone is told
  response.headers.emplace_back("Content-Encoding", "gzip");
}

MHD_Response* make_response(Exchange& exchange) {
  Response& response = *exchange.response;
  exchange.stream = response.stream;
  MHD_Response* made = exchange.stream
                           ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kStreamBlock,
                                                               &read_stream, &exchange, nullptr)
                       : response.file ? with_file(*response.file)
                                       : with_body(response);
  if (made == nullptr) return nullptr;
  const bool typed = !response.content_type.empty() && response.status != MHD_HTTP_NOT_MODIFIED &&
                     (exchange.stream || response.file || !response.body.empty());
  if (typed) MHD_add_response_header(made, "Content-Type", response.content_type.c_str());
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(made, name.c_str(), value.c_str());
  }
  if (exchange.stream) forget_what_was_asked(exchange);
  return made;
}

}  // namespace waybill::http
