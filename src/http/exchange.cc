#include "http/exchange.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "http/gzip.h"
#include "http/target.h"

namespace waybill::http {
namespace {

/// Held by each stream for as long as it is open.
constexpr std::size_t kStreamBlock = 4u << 10;
/// Smaller ones fit into a packet either way.
constexpr std::size_t kGzipFrom = 1400;

MHD_Result take_header(void* to, MHD_ValueKind, const char* name, std::size_t name_size,
                       const char* value, std::size_t value_size) {
  auto& headers = *static_cast<Pairs*>(to);
  headers.emplace_back(to_lower(std::string_view(name, name_size)),
                       std::string(value == nullptr ? "" : value, value_size));
  return MHD_YES;
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

std::size_t count_headers(const Request& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const auto& header) { return header.first == name; }));
}

/// What RFC 9112, 5.1, and RFC 9110, 5.5, want refused: another reader may see another header.
bool is_header(const std::pair<std::string, std::string>& header) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto in_name = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || kMarks.find(c) != kMarks.npos;
  };
  const auto in_value = [](char c) { return c != '\0' && c != '\r' && c != '\n'; };
  return std::ranges::all_of(header.first, in_name) && std::ranges::all_of(header.second, in_value);
}

/// As it was sent, or nearly.
std::size_t header_bytes(const Exchange& exchange) {
  std::size_t bytes = exchange.request.method.size() + exchange.target.size();
  for (const auto& [name, value] : exchange.request.headers) {
    bytes += name.size() + value.size() + std::string_view(": \r\n").size();
  }
  return bytes;
}

/// A request whose end two readers may see in two places: the way to smuggle another one in.
std::string length_doubt(const Request& request) {
  const std::size_t lengths = count_headers(request, "content-length");
  const std::size_t codings = count_headers(request, "transfer-encoding");
  if (lengths > 1) return "it has more than one Content-Length";
  if (codings > 1) return "it has more than one Transfer-Encoding";
  if (lengths + codings > 1) return "it has both Content-Length and Transfer-Encoding";
  if (codings == 1 && to_lower(request.header("transfer-encoding")) != "chunked") {
    return "its Transfer-Encoding is not \"chunked\"";
  }
  const std::string_view length = request.header("content-length");
  const bool digits = std::all_of(length.begin(), length.end(), is_digit);
  if (lengths == 1 && (length.empty() || !digits)) return "its Content-Length is no number";
  return "";
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

}  // namespace

std::string begin_request(Exchange& exchange, const char* method, const RequestLimits& limits,
                          int& status) {
  Request& request = exchange.request;
  exchange.begun = true;
  request.method = method;
  request.peer = peer_of(exchange.connection);
  MHD_get_connection_values_n(exchange.connection, MHD_HEADER_KIND, &take_header, &request.headers);
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
  if (!std::ranges::all_of(request.headers, is_header)) {
    return "a header has a name or a value that none may have";
  }
  if (std::string doubt = length_doubt(request); !doubt.empty()) {
    return "the length of the request is in doubt: " + doubt;
  }
  auto target = parse_target(exchange.target);
  if (!target) return target.error().message;
  request.path = std::move(target->path);
  request.segments = std::move(target->segments);
  request.query = std::move(target->query);
  return "";
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
  const bool typed = !response.content_type.empty() &&
                     (exchange.stream || response.file || !response.body.empty());
  if (typed) MHD_add_response_header(made, "Content-Type", response.content_type.c_str());
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(made, name.c_str(), value.c_str());
  }
  return made;
}

}  // namespace waybill::http
