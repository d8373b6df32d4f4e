#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace waybill::bench {

/// What to load, and how; see the usage of scale_load.
struct ScaleOptions {
  std::string place;         ///< of the PostgreSQL database, or RabbitMQ's URL
  std::size_t tasks = 1000;  ///< or messages
  std::size_t batch = 1;     ///< a call, or a transaction
  std::size_t callers = 1;   ///< threads that call one by one
  double rate = 50;          ///< a second, of `start`
  std::string directory;     ///< existing and empty, for what the worker of `start` keeps
  bool keep = false;         ///< what is finished, of `bare_drain`
};

struct ScaleReport {
  std::size_t tasks = 0;
  double seconds = 0;
  std::vector<double> waits_ms{};  ///< of `start`, sorted
};

/// No-op tasks into the ledger: `tasks` of them, by `callers` threads, `batch` a call.
Result<ScaleReport> run_enqueue(const ScaleOptions& options);
/// From the call of insert to the task's run, at `rate` a second, by a worker that has its own
/// connections, as in another process.
Result<ScaleReport> run_start(const ScaleOptions& options);
/// The same rows into a table of id, state, order and params with bare statements, `callers`
/// connections. Makes the table anew.
Result<ScaleReport> run_bare_enqueue(const ScaleOptions& options);
/// What run_bare_enqueue left, claimed and then finished, `batch` each time, by one connection.
Result<ScaleReport> run_bare_drain(const ScaleOptions& options);
/// Hints as the dispatcher publishes them, through Waybill's adapter, `batch` a call.
Result<ScaleReport> run_publish(const ScaleOptions& options);
/// The same messages by rabbitmq-c alone, with confirms, a thousand in flight, to a quorum queue.
Result<ScaleReport> run_bare_publish(const ScaleOptions& options);

}  // namespace waybill::bench
