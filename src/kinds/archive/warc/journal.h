#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/warc/cdxj.h"

namespace waybill {

/// What is said of a page in a package.
struct CapturedPage {
  std::string url;
  std::string timestamp;  ///< as `WARC-Date` has it
  std::string title;      ///< may be empty
};

/// A URL that brought nothing.
struct CaptureFailure {
  std::string url;
  std::string error;
  bool may_pass = false;  ///< another attempt may do better
};

/// What a capture has come to, as its journal says.
struct CaptureState {
  std::vector<CdxLine> lines;
  std::vector<CapturedPage> pages;
  std::vector<CaptureFailure> failures;
  std::set<std::size_t> done;                ///< URLs of the order that are over, by number
  std::vector<std::string> files;            ///< of WARC, in order
  std::map<std::string, std::int64_t> ends;  ///< of each file: how much of it is whole records
  std::int64_t truncated = 0;
  std::int64_t revisits = 0;
};

// Lines of a journal, each with its line break.
std::string journal_file(const std::string& name, std::int64_t end);
std::string journal_record(const CdxLine& line, std::int64_t end, bool is_truncated);
std::string journal_page(const CapturedPage& page);
std::string journal_failure(const CaptureFailure& failure);
std::string journal_done(std::size_t url);

/// Takes one line, without its line break, into `state`. `data_loss` for what is none.
Status read_journal_line(std::string_view text, CaptureState& state);

}  // namespace waybill
