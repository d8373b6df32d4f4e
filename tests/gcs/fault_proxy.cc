#include "tests/gcs/fault_proxy.h"

#include <array>
#include <string_view>
#include <utility>

namespace waybill {

FaultProxy::FaultProxy(std::string endpoint, Choose choose)
    : endpoint_(std::move(endpoint)),
      choose_(std::move(choose)),
      server_([this](const ReceivedRequest& request) { return answer(request); }) {}

std::map<ProxyFault, int> FaultProxy::met() const {
  const Lock lock(mutex_);
  return met_;
}

ProxyFault FaultProxy::fault_of(const ReceivedRequest& request) {
  const Lock lock(mutex_);
  const bool is_new = seen_[request.method + request.target + '\n' + request.body]++ == 0;
  const ProxyFault fault = is_new ? choose_(request) : ProxyFault::none;
  ++met_[fault];
  return fault;
}

ScriptedAnswer FaultProxy::answer(const ReceivedRequest& request) {
  const ProxyFault fault = fault_of(request);
  if (fault == ProxyFault::busy) return {.status = 503};
  if (fault == ProxyFault::never_arrived) return {.cut = Cut::before_answer};
  HttpRequest forwarded{
      .method = request.method, .url = endpoint_ + request.target, .body = request.body};
  for (const char* name : {"authorization", "content-type"}) {
    if (request.has_header(name)) forwarded.headers.emplace_back(name, request.header(name));
  }
  const auto response =
      http_->send(forwarded, {.at = clock_.steady_now() + std::chrono::seconds(30)});
  if (!response) return {.status = 502, .body = response.error().message};
  if (fault == ProxyFault::broken_after) return {.status = 500};
  if (fault == ProxyFault::lost_after) return {.cut = Cut::before_answer};
  ScriptedAnswer answer{.status = response->status, .body = response->body};
  for (const auto& [name, value] : response->headers) {
    constexpr std::array<std::string_view, 3> kOfTheConnection = {"content-length", "connection",
                                                                  "transfer-encoding"};
    if (std::find(kOfTheConnection.begin(), kOfTheConnection.end(), name) ==
        kOfTheConnection.end()) {
      answer.headers.emplace_back(name, value);
    }
  }
  return answer;
}

}  // namespace waybill
