#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "rpc/conversation.h"

namespace waybill::rpc {

/// Tasks claimed as they become ready, never more than the worker has asked for. The next claim is
/// made when all tasks of the last one were handed to the network, so that a worker that reads
/// slowly keeps no task from others. Tasks that were claimed and not handed over when the worker is
/// gone are given back.
class ClaimCall final : public Conversation {
 public:
  ClaimCall(Desk& desk, const Method& method, Caller caller, Wire& wire);
  ~ClaimCall() override;

  void begin() override;
  void message(const std::string& bytes) override;
  void closed() override;
  void written() override;
  void gone() override;
  void drain() override;

 private:
  void answered(http::Response response) override;
  Status take_demand(boost::json::object demand) REQUIRES(mutex_);
  /// Does what is to be done next.
  void go_on() REQUIRES(mutex_);
  void write_next() REQUIRES(mutex_);
  void claim() REQUIRES(mutex_);
  void end(const Outcome& outcome) REQUIRES(mutex_);

  // What a claim says, but for its limit; null until the first message has come.
  std::unique_ptr<boost::json::object> who_ GUARDED_BY(mutex_);
  std::unique_ptr<boost::json::array> tasks_ GUARDED_BY(mutex_);  // of the last claim
  std::size_t written_ GUARDED_BY(mutex_) = 0;                    // of those
  std::int64_t wanted_ GUARDED_BY(mutex_) = 0;                    // tasks that have not come
  bool claiming_ GUARDED_BY(mutex_) = false;
  bool asked_ GUARDED_BY(mutex_) = false;  // for more, since the last claim: the next one counts
  bool writing_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;  // the worker wants no more
};

}  // namespace waybill::rpc
