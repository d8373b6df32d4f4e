#pragma once

#include <functional>
#include <map>
#include <string>

#include "adapters/curl/http_client.h"
#include "adapters/local/system_clock.h"
#include "base/mutex.h"
#include "testing/http_test_server.h"

namespace waybill {

/// What goes wrong with a request.
enum class ProxyFault {
  none,
  busy,           ///< 503, and the server never saw it
  never_arrived,  ///< cut, and the server never saw it
  broken_after,   ///< carried out, and answered 500
  lost_after,     ///< carried out, and cut
};
inline constexpr int kProxyFaults = 5;

/// Stands before a server on loopback. Each request meets the fault that `choose` gives it when it
/// comes for the first time, and none when it comes again: so whoever tries again gets through.
class FaultProxy {
 public:
  using Choose = std::function<ProxyFault(const ReceivedRequest&)>;
  FaultProxy(std::string endpoint, Choose choose);

  std::string endpoint() const { return server_.url(); }
  /// How often each fault was met.
  std::map<ProxyFault, int> met() const;

 private:
  ProxyFault fault_of(const ReceivedRequest& request);
  ScriptedAnswer answer(const ReceivedRequest& request);

  const std::string endpoint_;
  const Choose choose_;
  SystemClock clock_;
  const std::unique_ptr<CurlHttpClient> http_ = CurlHttpClient::create(clock_).value();
  mutable Mutex mutex_;
  std::map<std::string, int> seen_ GUARDED_BY(mutex_);
  std::map<ProxyFault, int> met_ GUARDED_BY(mutex_);
  HttpTestServer server_;  // last: its threads use all of the above
};

}  // namespace waybill
