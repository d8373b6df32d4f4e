#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

/// So many mirrors of a file are kept, the best ones.
inline constexpr std::size_t kMetalinkMirrorsMax = 20;

/// What a metalink says of one file.
struct MetalinkFile {
  std::string name;               ///< without a path; of an artifact it may be the name
  std::vector<std::string> urls;  ///< http and https alone, each once, the best one first
  std::string sha256;             ///< 64 digits; empty: not said
  std::int64_t size_bytes = -1;   ///< -1: not said
};

/// Reads a metalink, of version 4 (RFC 5854) or 3: what it says of `wanted`, or of the only file
/// that it has. Mirrors that are no http or https, torrents and digests other than SHA-256 are
/// passed over. `failed_precondition` where it has several files and none of that name, a name with
/// a path, or says a size or a digest that cannot be, or two; and as of load_foreign_xml.
Result<MetalinkFile> read_metalink(std::string_view xml, std::string_view wanted);

}  // namespace waybill
