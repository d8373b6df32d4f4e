#include "http/api/stream_watch.h"

#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace waybill::http {
namespace {

constexpr Duration kEvery = std::chrono::seconds(3);

/// The parts of a request by which it is let in or not.
Request credentials_of(const Request& request) {
  Request kept{.method = request.method, .path = request.path, .body = {}, .peer = request.peer};
  for (const char* name : {"host", "origin", "sec-fetch-site", "authorization", "cookie"}) {
    if (request.has_header(name)) kept.headers.emplace_back(name, request.header(name));
  }
  return kept;
}

}  // namespace

void StreamWatch::watch(const std::shared_ptr<BodyStream>& stream, const Request& request,
                        Right right) {
  Watched watched{.stream = stream, .request = credentials_of(request), .right = right};
  const Lock lock(mutex_);
  added_.push_back(std::move(watched));
}

Result<Duration> StreamWatch::step(const Deadline&) {
  {
    const Lock lock(mutex_);
    std::move(added_.begin(), added_.end(), std::back_inserter(watched_));
    added_.clear();
  }
  // Those of one browser, or one program, are asked about once.
  std::map<std::tuple<Pairs, Right>, std::optional<Error>> known;
  for (Watched& one : watched_) {
    const auto stream = one.stream.lock();
    one.ended = !stream || stream->is_closed();
    if (one.ended) continue;
    const auto [found, is_new] = known.try_emplace({one.request.headers, one.right});
    if (is_new) found->second = check_(one.request, one.right);
    if (!found->second) continue;
    stream->end(found->second);
    one.ended = true;
  }
  std::erase_if(watched_, [](const Watched& one) { return one.ended; });
  return kEvery;
}

}  // namespace waybill::http
