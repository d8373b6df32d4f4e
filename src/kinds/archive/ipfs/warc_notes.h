#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kinds/archive/fetch/partial_file.h"

namespace waybill {

/// What came of a record of a WARC file.
struct WarcNote {
  std::int64_t number = 0;  ///< in the file, from 1
  std::string line;         ///< of the index; empty: it is in none
  std::string digest;       ///< of the payload, as the record says it; empty: it says none
  std::string cid;          ///< of the payload; empty: it went to no node
  std::string error;        ///< why it failed; empty: it did not

  bool operator==(const WarcNote&) const = default;
};

/// What came of the records of a WARC file so far, on disk: the next attempt goes on behind it.
class WarcNotes {
 public:
  /// Takes what an earlier attempt left in `partial`, if it was of this file and these options.
  /// `bytes_max`: of all notes, which are in memory too.
  static Result<WarcNotes> open(PartialFile& partial, const std::string& source,
                                std::int64_t bytes_max);

  /// `out_of_range`: there would be more than `bytes_max`.
  Status add(WarcNote note);
  Status sync() { return partial_.sync(); }

  std::int64_t last_number() const { return last_; }
  std::int64_t archived() const { return archived_; }
  std::int64_t failed() const { return failed_; }
  /// The CID of a payload with that digest; empty: none went to the node.
  std::string cid_of(const std::string& digest) const;
  const std::vector<std::string>& lines() const { return lines_; }
  /// Of the first that failed.
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  WarcNotes(PartialFile& partial, std::int64_t bytes_max)
      : partial_(partial), bytes_max_(bytes_max) {}
  void take(WarcNote note);

  PartialFile& partial_;
  std::int64_t bytes_max_;
  std::int64_t last_ = 0;
  std::int64_t archived_ = 0;
  std::int64_t failed_ = 0;
  std::vector<std::string> lines_;
  std::vector<std::string> errors_;
  std::map<std::string, std::string> cids_;
};

}  // namespace waybill
