#pragma once

#include <atomic>
#include <list>
#include <string>
#include <string_view>
#include <thread>

#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace waybill {

/// Stands between a program and a server on this machine, and loses answers when it is told to.
class LossyProxy {
 public:
  explicit LossyProxy(int server_port);
  /// Takes connections and never says a word.
  struct Silent {};
  explicit LossyProxy(Silent);
  ~LossyProxy();
  int port() const { return port_; }

  /// The next bytes that the server sends are not passed on: the connection is closed instead.
  void lose_next_answer() { losing_ = true; }
  /// Likewise once a client has sent these bytes.
  void lose_answer_to(const std::string& bytes);
  /// Whether that has happened since.
  bool has_lost() const { return !losing_ && !waits_for_bytes_; }

 private:
  void listen();
  void accept_all(const std::stop_token& stop);
  void pass(const std::stop_token& stop, int client);

  const int server_port_;
  FileDescriptor listener_;
  int port_ = 0;
  void look_for_bytes(std::string_view sent);

  std::atomic<bool> losing_ = false;
  std::atomic<bool> waits_for_bytes_ = false;
  Mutex mutex_;
  std::string bytes_ GUARDED_BY(mutex_);
  std::list<std::jthread> passing_;  // of the accepting thread alone
  std::jthread accepting_;           // last: it uses all of the above
};

}  // namespace waybill
