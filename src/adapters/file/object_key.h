#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// File names that begin so are ours: escaped parts of keys, and objects that are being written.
inline constexpr std::string_view kReservedNamePrefix = ".waybill-";
inline constexpr std::string_view kUnfinishedPrefix = ".waybill-new-";

/// As in S3 and Cloud Storage.
inline constexpr std::size_t kKeyBytesMax = 1024;

inline constexpr std::size_t kNameBytesMaxOnDisk = 255;  // NAME_MAX of every usual file system

/// Where the object of a key lies below a bucket's directory. Keys are any bytes; each part between
/// slashes is a name in the file system, as it is. What a file system cannot name, which is "",
/// ".",
/// "..", a part with a zero byte, and one that begins with kReservedNamePrefix, is written
/// `.waybill-key-PART` with `%00` and `%25` for zero bytes and percent signs: so no key leads out
/// of the directory. `invalid_argument` for an empty key, one over kKeyBytesMax, or a part over 255
/// bytes.
Result<std::string> path_of_key(std::string_view key);

/// The name in the file system of a part of a key, which holds no slash.
std::string name_of_part(std::string_view part);

/// As path_of_key, for the directory whose keys begin with `prefix`, which is empty or ends in '/'.
/// Nothing if no key can begin so.
std::optional<std::string> path_of_prefix(std::string_view prefix);

/// The part of a key that a file name stands for. Nothing for reserved names that stand for none.
std::optional<std::string> part_of_name(std::string_view name);

/// The first key that is greater than all that begin with `prefix`; empty: there is none.
std::string after_prefix(std::string prefix);

}  // namespace waybill
