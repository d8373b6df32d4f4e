#pragma once

#include "kinds/archive/desk.h"
#include "kinds/archive/polite/manners.h"
#include "ports/http_streams.h"

namespace waybill {

/// The web of a desk, asked as its manners want it: what robots.txt refuses is not asked for, and
/// no request goes out before all workers of the ledger may send it. Thread-safe; blocks; the desk
/// outlives it. Besides those of the web its errors are `failed_precondition` (by robots.txt) and
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

}  // namespace waybill
