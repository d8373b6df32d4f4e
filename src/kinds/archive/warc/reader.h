#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "kinds/archive/warc/unpacking.h"

namespace waybill {

/// The head of a record as it was read: of any version of WARC.
struct WarcRecord {
  std::string type;                           ///< `response`
  std::int64_t content_length = 0;            ///< of its block
  std::map<std::string, std::string> fields;  ///< by their names in lower case

  /// Empty if it has none.
  const std::string& field(const std::string& name) const;
  /// `WARC-Target-URI`, without the angle brackets that some writers put around it.
  std::string url() const;
  /// `WARC-Date` as an index has it: 14 digits; empty if it is no time.
  std::string timestamp() const;
};

/// Reads a WARC file record by record. Memory does not grow with it. Not thread-safe.
class WarcReader {
 public:
  /// `may_go_on` is asked every 64 KiB; what it says ends the reading.
  explicit WarcReader(UnpackingFile& file, std::function<Status()> may_go_on = {})
      : file_(file), may_go_on_(std::move(may_go_on)) {}

  /// The next one, behind what of the last block was not read; none: that was all.
  /// `failed_precondition` where what comes is no record, or is cut off.
  Result<std::optional<WarcRecord>> next();
  /// Some more of the record's block; empty: that was all. Valid until the next call. Errors as
  /// next.
  Result<std::string_view> block();

 private:
  Result<bool> more();
  Result<bool> line(std::string& into);
  Status skip_block();

  UnpackingFile& file_;
  const std::function<Status()> may_go_on_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::int64_t left_ = 0;  // of the block
};

}  // namespace waybill
