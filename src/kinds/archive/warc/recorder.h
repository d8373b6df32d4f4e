#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "kinds/archive/warc/store.h"
#include "kinds/archive/warc/visit.h"

namespace waybill {

/// Makes records of exchanges and has them stored. One for each thread.
class Recorder {
 public:
  /// `next_id` is shared by all recorders of an attempt, which `prefix` is peculiar to.
  Recorder(CaptureStore& store, std::string scratch, std::string prefix,
           std::atomic<std::uint64_t>& next_id)
      : store_(store),
        scratch_(std::move(scratch)),
        prefix_(std::move(prefix)),
        next_id_(next_id) {}

  Status record(const CapturedExchange& exchange, const Spool& body);

 private:
  std::string id();
  Status pack(const std::string& head, std::string_view block, const Spool* rest, Spool& into);

  CaptureStore& store_;
  const std::string scratch_;
  const std::string prefix_;
  std::atomic<std::uint64_t>& next_id_;
  GzipMember gzip_;
};

/// The record at the beginning of a file, packed.
Status pack_warcinfo(const std::string& filename, Time now, const std::string& prefix, Spool& into);

}  // namespace waybill
