#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "kinds/archive/desk.h"
#include "kinds/archive/polite/polite_streams.h"
#include "kinds/archive/warc/frontier.h"
#include "kinds/archive/warc/order.h"
#include "kinds/archive/warc/recorder.h"
#include "kinds/archive/warc/store.h"

namespace waybill {

/// Captures all URLs of an order that a store does not have yet, with several threads.
class CaptureRun {
 public:
  struct Ports {
    const CaptureOrder& order;  ///< with all of its URLs
    ArchiveDesk& desk;
    TaskContext& context;
    CaptureStore& store;
    std::string prefix;  ///< of record ids, peculiar to the attempt
  };
  explicit CaptureRun(Ports ports);

  /// Blocks. The first error that ends all of it; `cancelled`: it was asked to stop.
  Status run();

 private:
  void work();
  Status visit(const CaptureJob& job, Recorder& recorder);
  Status take_answer(const CaptureJob& job, const CapturedExchange& exchange, const Spool& body,
                     Recorder& recorder);
  Status failed(const CaptureJob& job, const Error& error);
  void over(const CaptureJob& job);
  Status check_room() const;
  void give_up(const Error& error) EXCLUDES(mutex_);
  void tell() EXCLUDES(mutex_);

  const Ports ports_;
  const CaptureVisitParams visits_;
  PoliteStreams web_;
  Frontier frontier_;
  std::atomic<std::uint64_t> next_id_ = 0;
  std::atomic<std::size_t> done_ = 0;
  Mutex mutex_;
  std::optional<Error> error_ GUARDED_BY(mutex_);
  SteadyTime tell_at_ GUARDED_BY(mutex_){};
};

}  // namespace waybill
