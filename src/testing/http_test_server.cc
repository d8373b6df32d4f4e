#include "testing/http_test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "base/check.h"

namespace waybill {
namespace {

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Reads until `buffer` holds `size` bytes; false at the end of the connection.
bool fill(int socket, std::string& buffer, std::size_t size) {
  std::array<char, 16384> chunk;
  while (buffer.size() < size) {
    const ssize_t got = ::recv(socket, chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    buffer.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return true;
}

/// Takes one request off the connection; `buffer` keeps what came after it.
std::optional<ReceivedRequest> read_request(int socket, std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!fill(socket, buffer, buffer.size() + 1)) return std::nullopt;
  }
  ReceivedRequest request;
  const std::string head = buffer.substr(0, end + 2);
  std::size_t at = head.find("\r\n");
  const std::string line = head.substr(0, at);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string::npos || last == first) return std::nullopt;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  for (at += 2; at < head.size();) {
    const auto stop = head.find("\r\n", at);
    const auto colon = head.find(':', at);
    if (colon == std::string::npos || colon > stop) return std::nullopt;
    const auto value = head.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(to_lower(head.substr(at, colon - at)),
                                 head.substr(value, stop - value));
    at = stop + 2;
  }
  std::size_t length = 0;
  const std::string_view text = request.header("content-length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (!fill(socket, buffer, end + 4 + length)) return std::nullopt;
  request.body = buffer.substr(end + 4, length);
  buffer.erase(0, end + 4 + length);
  return request;
}

std::string head_of(const ScriptedAnswer& answer) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
  for (const auto& [name, value] : answer.headers) head.append(name + ": " + value + "\r\n");
  if (answer.chunked) return head + "Transfer-Encoding: chunked\r\n\r\n";
  if (answer.status == 204 || answer.status == 304) return head + "\r\n";
  return head + "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
}

std::string chunks_of(std::string_view body) {
  std::string out;
  constexpr std::size_t kChunk = 7;
  for (; !body.empty(); body.remove_prefix(std::min(kChunk, body.size()))) {
    const auto chunk = body.substr(0, kChunk);
    out.append(std::to_string(chunk.size())).append("\r\n").append(chunk).append("\r\n");
  }
  return out + "0\r\n\r\n";
}

}  // namespace

std::string_view ReceivedRequest::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& f) { return f.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

bool ReceivedRequest::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& f) { return f.first == name; });
}

HttpTestServer::HttpTestServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  WAYBILL_CHECK(::bind(listener_.get(), generic, size) == 0, "loopback has a free port");
  WAYBILL_CHECK(::listen(listener_.get(), 128) == 0, "a bound socket listens");
  WAYBILL_CHECK(::getsockname(listener_.get(), generic, &size) == 0, "a socket has a name");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

HttpTestServer::~HttpTestServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  release();
  std::list<Connection> connections;
  {
    const Lock lock(mutex_);
    connections.swap(connections_);
  }
  for (const Connection& connection : connections) ::shutdown(connection.socket.get(), SHUT_RDWR);
}

void HttpTestServer::accept_all() {
  while (true) {
    FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) return;
    forget_finished();
    const Lock lock(mutex_);
    ++accepted_;
    if (to_cut_ > 0) {
      --to_cut_;
      continue;
    }
    Connection& connection = connections_.emplace_back();
    connection.socket = std::move(socket);
    connection.thread = std::jthread([this, &connection] { serve(connection); });
  }
}

void HttpTestServer::forget_finished() {
  std::list<Connection> finished;  // joined without the lock
  const Lock lock(mutex_);
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto next = std::next(at);
    if (at->is_finished) finished.splice(finished.end(), connections_, at);
    at = next;
  }
}

void HttpTestServer::serve(Connection& connection) {
  const int socket = connection.socket.get();
  std::string buffer;
  while (const auto request = read_request(socket, buffer)) {
    if (!answer(socket, *request)) break;
  }
  // Only shut: the descriptor is closed by its owner, so that its number is not used again before.
  ::shutdown(socket, SHUT_RDWR);
  const Lock lock(mutex_);
  connection.is_finished = true;
}

bool HttpTestServer::answer(int socket, const ReceivedRequest& request) {
  const ScriptedAnswer answer = script_(request);
  {
    Lock lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    while (answer.hold && !released_) changed_.wait(lock);
  }
  if (answer.cut == Cut::before_answer) return false;
  // Sent in one piece: a second small one would wait for the client's delayed acknowledgement.
  std::string bytes = head_of(answer);
  if (request.method == "HEAD") return send_all(socket, bytes);
  if (answer.cut == Cut::in_body) {
    send_all(socket, bytes + answer.body.substr(0, answer.body.size() / 2));
    return false;
  }
  bytes += answer.chunked ? chunks_of(answer.body) : answer.body;
  return send_all(socket, bytes);
}

void HttpTestServer::cut_connections(int count) {
  const Lock lock(mutex_);
  to_cut_ = count;
}

void HttpTestServer::release() {
  const Lock lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

void HttpTestServer::await_requests(std::size_t count) {
  Lock lock(mutex_);
  while (requests_.size() < count) changed_.wait(lock);
}

std::vector<ReceivedRequest> HttpTestServer::requests() const {
  const Lock lock(mutex_);
  return requests_;
}

int HttpTestServer::connections() const {
  const Lock lock(mutex_);
  return accepted_;
}

}  // namespace waybill
