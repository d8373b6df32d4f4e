#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "ports/http_client.h"

namespace waybill {

/// A request as it stood on the wire.
struct ReceivedRequest {
  std::string method;
  std::string target;   ///< byte for byte: path and query
  HttpHeaders headers;  ///< names in lower case
  std::string body;

  /// The value of the first header of this lower-case name; empty if there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
};

/// Where the connection is cut.
enum class Cut {
  nowhere,
  before_answer,  ///< the request was read: it may count as carried out
  in_body,        ///< half of the body was sent
};

struct ScriptedAnswer {
  int status = 200;
  HttpHeaders headers{};
  std::string body{};
  Cut cut = Cut::nowhere;
  bool chunked = false;
  bool hold = false;  ///< nothing is sent until release() or the end of the server
};

/// A small HTTP/1.1 server on a free loopback port, for tests of what speaks HTTP. Each connection
/// has a thread; the script is called from all of them.
class HttpTestServer {
 public:
  using Script = std::function<ScriptedAnswer(const ReceivedRequest&)>;
  explicit HttpTestServer(Script script);
  ~HttpTestServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  /// Cuts so many of the next connections before anything is read from them.
  void cut_connections(int count);
  /// Lets go of all answers that are held, now and later.
  void release();
  /// Blocks until so many requests were read.
  void await_requests(std::size_t count);
  std::vector<ReceivedRequest> requests() const;
  int connections() const;

 private:
  struct Connection {
    FileDescriptor socket;
    bool is_finished = false;
    std::jthread thread;  // ends before the rest goes
  };
  void accept_all();
  void serve(Connection& connection);
  /// Closes the sockets of connections that are over.
  void forget_finished();
  /// False ends the connection.
  bool answer(int socket, const ReceivedRequest& request);

  const Script script_;
  FileDescriptor listener_;
  int port_ = 0;
  mutable Mutex mutex_;
  Condition changed_;
  std::list<Connection> connections_ GUARDED_BY(mutex_);
  std::vector<ReceivedRequest> requests_ GUARDED_BY(mutex_);
  int accepted_ GUARDED_BY(mutex_) = 0;
  int to_cut_ GUARDED_BY(mutex_) = 0;
  bool released_ GUARDED_BY(mutex_) = false;
  std::jthread acceptor_;
};

}  // namespace waybill
