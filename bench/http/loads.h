#pragma once

#include <cstdint>
#include <string>

#include "bench/http/load_loop.h"

namespace waybill::bench {

/// What to ask a server for, and how; see the usage of http_load.
struct LoadOptions {
  std::string load;
  LoadParams time;
  std::size_t connections = 64;
  std::size_t batch = 1;       ///< tasks a request
  std::size_t tasks = 0;       ///< that are stored, for `read`
  std::size_t streams = 1000;  ///< for `events`
  std::string path = "/v1/definitions";
  bool keys = false;  ///< an Idempotency-Key with each request
};

/// What came of it. An answer that is none of those wanted is an error.
struct LoadReport {
  LoadResult result;
  std::size_t tasks = 0;           ///< created, or finished
  std::vector<double> event_ms{};  ///< from asking for a task to the event, sorted
};

/// GETs of one path.
Result<LoadReport> run_get(const LoadOptions& options);
/// Tasks created, `batch` a request.
Result<LoadReport> run_create(const LoadOptions& options);
/// All tasks of the queue claimed and finished, `batch` at a time.
Result<LoadReport> run_work(const LoadOptions& options);
/// Lists and single tasks of a ledger made by fill_history, one after the other.
Result<LoadReport> run_read(const LoadOptions& options);
/// `streams` of a silent queue, while `connections` create tasks in another, and a stream
/// of a third one measures how long an event takes.
Result<LoadReport> run_events(const LoadOptions& options);

}  // namespace waybill::bench
