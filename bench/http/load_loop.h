#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill::bench {

/// Who talks on one connection. A text is a whole request; an empty one: nothing for now.
class LoadClient {
 public:
  virtual ~LoadClient() = default;
  virtual std::string first() = 0;
  /// What to ask after this answer, which came whole.
  virtual std::string next(int status, std::string_view body) = 0;
  /// More of a body that has no end.
  virtual void stream(std::string_view /*bytes*/) {}
};

struct LoadParams {
  std::uint16_t port = 0;
  double warm_up_s = 0;  ///< what is answered before is not counted
  double seconds = 5;    ///< then nothing new is asked; what was asked is waited for
};

struct LoadResult {
  double seconds = 0;               ///< from the warm-up's end to the last answer
  std::vector<double> answered_ms;  ///< of each answer that was counted, sorted
};

/// Many HTTP/1.1 connections to one server of this machine, on one thread with epoll: it takes as
/// little time as it can, for it shares the machine with what is measured.
class LoadLoop {
 public:
  explicit LoadLoop(const LoadParams& params);
  ~LoadLoop();

  /// Connects; `client` outlives the loop. Gives the connection's number, counted from 0.
  Result<std::size_t> add(LoadClient& client);
  /// Asks on a connection that has nothing to do, unless the time is over.
  void send(std::size_t connection, std::string request);
  /// Until the time is over, or nobody asks any more. `unavailable`: a connection broke, or an
  /// answer did not come in 30 s.
  Result<LoadResult> run();

 private:
  using Steady = std::chrono::steady_clock;
  struct Connection;

  Status read(Connection& connection);
  Status take_answers(Connection& connection);
  void take_answer(Connection& connection, int status, std::string_view body);
  Status flush(Connection& connection);

  const LoadParams params_;
  FileDescriptor epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t asked_ = 0;  // connections whose answer is not there
  Steady::time_point counted_from_;
  Steady::time_point until_;
  Steady::time_point last_answer_;
  LoadResult result_;
};

}  // namespace waybill::bench
