#pragma once

#include <string>

#include "kinds/archive/desk.h"
#include "ports/http_streams.h"

namespace waybill {

/// How a task treats the servers that it asks.
struct Manners {
  bool obeys_robots = false;
  int per_host = 8;    ///< requests at once, of all workers
  Duration delay{};    ///< between two requests of all workers; a Crawl-delay may be longer
  Duration wait_max = std::chrono::seconds(10);  ///< for a turn
};

/// The web of a desk, asked as its manners want it: what robots.txt refuses is not asked for, and
/// no request goes out before all workers of the ledger may send it. Thread-safe; blocks; the desk
/// outlives it. Besides those of the web its errors are `permission_denied` (by robots.txt) and
/// those of HostGate::take and RobotsCache::rules.
class PoliteStreams final : public HttpStreams {
 public:
  PoliteStreams(ArchiveDesk& desk, Manners manners) : desk_(desk), manners_(manners) {}
  Result<HttpResponse> exchange(const HttpExchange& exchange, HttpDownload& download,
                                const Deadline& deadline) override;

 private:
  ArchiveDesk& desk_;
  const Manners manners_;
};

/// Whether a request was not sent because it was no time for it: that is no failure of anything.
bool is_no_turn(const Error& error);

}  // namespace waybill
