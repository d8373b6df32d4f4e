#include "apps/waybill/commands/option_values.h"

#include <charconv>
#include <string>

namespace waybill::cli {

Result<Duration> duration_option(const Invocation& invocation, std::string_view name,
                                 Duration fallback, DurationRange range) {
  if (!invocation.has(name)) return fallback;
  const std::string flag = "--" + std::string(name);
  const auto value = parse_duration(invocation.text(name));
  if (!value) return fail(with_context(value.error(), flag));
  if (*value >= range.least && *value <= range.most) return *value;
  return fail(Code::invalid_argument, flag + ": " + invocation.text(name) + " is not from " +
                                          format_duration(range.least) + " to " +
                                          format_duration(range.most));
}

Result<std::int64_t> number_option(const Invocation& invocation, std::string_view name,
                                   std::int64_t fallback, NumberRange range) {
  if (!invocation.has(name)) return fallback;
  const std::string text = invocation.text(name);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const bool whole = error == std::errc{} && rest == end;
  if (whole && value >= range.least && value <= range.most) return value;
  return fail(Code::invalid_argument,
              "--" + std::string(name) + ": \"" + text + "\" is no whole number from " +
                  std::to_string(range.least) + " to " + std::to_string(range.most));
}

}  // namespace waybill::cli
