#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/document.h"

namespace waybill::yaml {

inline constexpr std::size_t kBytesMax = 4 << 20;
inline constexpr std::size_t kNodesMax = 100'000;  ///< after anchors are followed
/// Likewise, of all values and keys, and of the pointers to each.
inline constexpr std::size_t kTextBytesMax = 64 << 20;
inline constexpr int kDepthMax = 64;

/// What came of reading a text. The document is whole only if there are no problems.
struct Reading {
  Document document;
  std::vector<Problem> problems;
};

/// Reads one YAML document with the scalars of YAML 1.2's core schema: `null`, `true`, `false`,
/// numbers; all else is text, `yes` and `no` too. An empty text is `null`.
///
/// Refused, each with its place: duplicate keys, merge keys (`<<`), keys that are no scalars, tags
/// but `!!str`, numbers that JSON has not, a second document, more than kNodesMax nodes,
/// kTextBytesMax, kDepthMax levels or kBytesMax bytes. JSON is read too, being YAML.
Reading read(std::string file, std::string_view text);

/// Reads the file at `path`. `not_found`, `permission_denied`, `failed_precondition` (a directory)
/// or `unavailable` with the path.
Result<Reading> read_file(const std::string& path);

}  // namespace waybill::yaml
