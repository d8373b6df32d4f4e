// Any text is read as the spec of a command that can be run, or refused with a reason; the same
// JSON in other words is the same spec.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "kinds/command/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = parse_command_spec(text);
  if (!spec) {
    WAYBILL_CHECK(spec.error().code == Code::invalid_argument, "a refusal of another kind");
    WAYBILL_CHECK(!spec.error().message.empty(), "a refusal says why");
    return 0;
  }
  WAYBILL_CHECK(!spec->argv.empty() && !spec->argv[0].empty(), "a spec without a program");
  for (const std::string& argument : spec->argv) {
    WAYBILL_CHECK(argument.find('\0') == std::string::npos, "an argument that execve cuts off");
  }
  for (const auto& [name, value] : spec->environment) {
    WAYBILL_CHECK(!name.starts_with("WAYBILL_"), "a name that is Waybill's own");
    WAYBILL_CHECK((name + value).find('\0') == std::string::npos, "a value that is cut off");
  }
  WAYBILL_CHECK(spec->grace >= Duration(0), "a grace that is over before it begins");
  WAYBILL_CHECK(spec->limits.output_bytes >= 0, "a limit below nothing");
  WAYBILL_CHECK(!spec->limits.cpu || *spec->limits.cpu > Duration(0), "no processor time at all");
  for (const auto& [status, meaning] : spec->exit_codes) {
    WAYBILL_CHECK(status >= 1 && status <= 255, "an exit status that there is not");
    WAYBILL_CHECK(meaning_of_exit(*spec, status) == meaning, "a meaning that is passed over");
  }
  const auto again = parse_command_spec(json::canonical(json::parse(text).value()));
  WAYBILL_CHECK(again.has_value(), "a spec that is refused in other words");
  WAYBILL_CHECK(again->argv == spec->argv && again->environment == spec->environment &&
                    again->secrets == spec->secrets &&
                    again->standard_input == spec->standard_input && again->grace == spec->grace &&
                    again->exit_codes == spec->exit_codes &&
                    again->limits.memory_bytes == spec->limits.memory_bytes &&
                    again->limits.cpu == spec->limits.cpu,
                "a spec that is another one in other words");
  return 0;
}
