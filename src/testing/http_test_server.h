#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace waybill {

/// A small HTTP/1.1 server on a free port of the loopback interface, for tests of clients. The path
/// says how it behaves:
///   /echo        answers 200 with the request, head and body, as its body
///   /status/N    answers N, with `Retry-After: 7`
///   /bytes/N     answers 200 with N bytes
///   /chunked     answers 200 in three chunks, "one two three"
///   /cut         reads the request, then closes without a word
///   /half        promises 100 bytes, sends 50, closes
///   /silent      reads the request and says nothing until the client goes
///   /connection  answers the number of the connection, counted from 1
class HttpTestServer {
 public:
  HttpTestServer();
  ~HttpTestServer();
  HttpTestServer(const HttpTestServer&) = delete;
  HttpTestServer& operator=(const HttpTestServer&) = delete;

  /// `http://127.0.0.1:PORT` and this path.
  std::string url(const std::string& path) const;
  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int client, int number);

  FileDescriptor listener_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  Mutex mutex_;
  std::vector<int> clients_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace waybill
