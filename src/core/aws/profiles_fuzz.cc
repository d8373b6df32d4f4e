// Any text is a file of profiles, as AWS's tools see it; what was read is the same when it was
// written again. The first byte chooses the kind of the file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "core/aws/profiles.h"

namespace {

using namespace waybill;

std::string written(const aws::Profiles& profiles, aws::ProfileFile kind) {
  std::string text;
  for (const auto& [profile, settings] : profiles) {
    // Quoted, so that blanks and quotes of the name itself stay.
    text += kind == aws::ProfileFile::config ? "[profile \"" + profile + "\"]\n"
                                             : "[" + profile + "]\n";
    for (const auto& [name, value] : settings) text += name + "=" + value + "\n";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kind = data[0] % 2 == 0 ? aws::ProfileFile::config : aws::ProfileFile::credentials;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const aws::Profiles profiles = aws::parse_profiles(text, kind);
  for (const auto& [profile, settings] : profiles) {
    WAYBILL_CHECK(!profile.empty(), "a profile without a name");
    for (const auto& [name, value] : settings) {
      for (const char c : name) WAYBILL_CHECK(c < 'A' || c > 'Z', "a setting in capitals");
      WAYBILL_CHECK(value.find('\n') == std::string::npos, "a value of two lines");
    }
  }
  WAYBILL_CHECK(aws::parse_profiles(written(profiles, kind), kind) == profiles,
                "profiles that changed when they were written");
  return 0;
}
