#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace waybill::aws {

/// Settings by profile, then by lower-case name.
using Profiles = std::map<std::string, std::map<std::string, std::string>>;

/// `config` names a profile `[profile work]` (but `[default]`), `credentials` names it `[work]`.
enum class ProfileFile : std::uint8_t { config, credentials };

/// Reads the shared configuration files of AWS's tools. Lenient as those are: lines that are no
/// setting, sections of another kind and settings nested below another one are passed over.
Profiles parse_profiles(std::string_view text, ProfileFile kind);

}  // namespace waybill::aws
