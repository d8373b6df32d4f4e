#pragma once

#include <memory>
#include <string>

#include "kinds/archive/fetch/downloader.h"
#include "kinds/archive/polite/host_gate.h"
#include "kinds/archive/polite/robots_cache.h"
#include "ports/clock.h"
#include "ports/collection_store.h"
#include "ports/http_streams.h"
#include "ports/task_kind.h"

namespace waybill {

/// What the archiving kinds of a worker work with.
struct ArchiveDesk {
  Clock& clock;
  std::unique_ptr<HttpStreams> web;   ///< decides where it may connect to
  std::unique_ptr<HttpStreams> node;  ///< to the node of IPFS, wherever that is
  /// URL of the node's RPC, as http://127.0.0.1:5001; empty: there is none.
  std::string ipfs_api;
  /// Of the ledger, where this worker has it; null: it works for a server.
  CollectionStore* collections = nullptr;
  bool has_zim_tools = false;  ///< zimcheck and zimdump, on PATH
  DownloadParams downloads{};
  std::string captures;  ///< directory of captures that are under way
  /// Lets requests pass as all workers have agreed; null: none waits for another one.
  std::unique_ptr<HostGate> gate = nullptr;
  std::unique_ptr<RobotsCache> robots = nullptr;  ///< null: no robots.txt is asked for
};

/// Tells of bytes that come, not too often.
class BytesProgress {
 public:
  BytesProgress(TaskContext& context, Clock& clock, std::string what)
      : context_(context), clock_(clock), what_(std::move(what)) {}
  /// `total`: -1 where nobody knows.
  void tell(std::int64_t done, std::int64_t total);

 private:
  TaskContext& context_;
  Clock& clock_;
  const std::string what_;
  SteadyTime next_{};
};

}  // namespace waybill
