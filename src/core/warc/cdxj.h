#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// A line of an index of a web archive (CDXJ, as pywb has it): key, timestamp, JSON.
struct CdxLine {
  std::string timestamp;  ///< 14 digits
  std::string url;
  std::string mime;  ///< `warc/revisit` for a revisit record
  int status = 0;
  std::string digest;  ///< of the payload, `sha256:` and 64 hexadecimal digits
  std::int64_t length = 0;
  std::int64_t offset = 0;
  std::string filename;
  /// Of a revisit: what it refers to.
  std::string original_url;
  std::string original_timestamp;

  bool operator==(const CdxLine&) const = default;
};
inline constexpr std::string_view kRevisitMime = "warc/revisit";

/// Without a line break.
std::string cdxj_text(const CdxLine& line);
/// None for what is no line of one, as a header or an empty line.
std::optional<CdxLine> parse_cdxj(std::string_view text);

}  // namespace waybill
