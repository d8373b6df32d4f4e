#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace waybill {

inline constexpr std::string_view kRevisitProfile =
    "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";

/// The head of a record of WARC 1.1 (ISO 28500:2017).
struct WarcHead {
  std::string_view type;  ///< "response"
  std::string id;         ///< of the record: the UUID
  Time date{};            ///< to the second
  std::string_view content_type;
  std::int64_t content_length = 0;
  /// Name and value, in order, after those above.
  std::vector<std::pair<std::string_view, std::string>> fields;
};
/// Its text, with the empty line that ends it. A value's line breaks become spaces.
std::string warc_head_text(const WarcHead& head);
/// What stands behind a record's block.
inline constexpr std::string_view kWarcRecordEnd = "\r\n\r\n";

/// A time as `WARC-Date` has it, to the second: 2026-11-28T02:00:00Z.
std::string warc_date(Time time);
/// The same as an index has it: 20261128020000.
std::string cdx_timestamp(Time time);

}  // namespace waybill
