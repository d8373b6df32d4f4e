#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

inline constexpr std::size_t kArtifactNameBytesMax = 1000;
inline constexpr std::size_t kArtifactsMax = 10'000;  ///< of one attempt
inline constexpr std::size_t kMediaTypeBytesMax = 200;
/// Of all artifacts of an attempt, where nothing else is said.
inline constexpr std::int64_t kArtifactBytesDefault = std::int64_t{1} << 30;

/// A file that a task left behind: what it is called, and which content it has.
struct Artifact {
  std::string name;    ///< a relative path with slashes, see check_artifact_name
  std::string sha256;  ///< 64 lower-case hexadecimal digits
  std::int64_t size_bytes = 0;
  std::string media_type;  ///< RFC 9110, 8.3.1
  Time created_at{};       ///< when the ledger heard of it

  bool operator==(const Artifact&) const = default;
};

/// A name is a relative path in UTF-8, at most kArtifactNameBytesMax bytes, whose parts are neither
/// empty nor `.` nor `..`, without backslashes or control characters: wherever it is joined to a
/// directory, it stays below that. `invalid_argument` says what is wrong, and shows the name in a
/// form that is safe to print.
Status check_artifact_name(std::string_view name);
/// `type/subtype`, with parameters or without; printable ASCII. `invalid_argument` likewise.
Status check_media_type(std::string_view text);
bool is_sha256_hex(std::string_view text);

/// All that has to hold of the artifacts of one attempt, but their order: each is well-formed, no
/// name is there twice or is a directory of another one, and there are not too many.
/// `invalid_argument` names the artifact.
Status check_artifacts(std::span<const Artifact> artifacts);

/// How many bytes the artifacts of an attempt may have together: `limits.artifacts` of its task's
/// spec, else kArtifactBytesDefault. A spec whose kind would not take it has no limit of its own.
std::int64_t artifact_bytes_max(std::string_view spec);
/// `out_of_range` where they have more.
Status check_artifact_bytes(std::span<const Artifact> artifacts, std::int64_t bytes_max);

/// What the end of a name says about its content; `application/octet-stream` if it says nothing.
std::string_view media_type_of(std::string_view name);

}  // namespace waybill
