#include "apps/waybill/commands/option_values.h"

#include <charconv>
#include <string>

namespace waybill::cli {
namespace {

tl::unexpected<Error> refuse(std::string_view name, const std::string& why) {
  return fail(Code::invalid_argument, "--" + std::string(name) + ": " + why);
}

}  // namespace

Result<Duration> duration_option(const Invocation& invocation, std::string_view name,
                                 Duration otherwise, DurationRange range) {
  if (!invocation.has(name)) return otherwise;
  const std::string text = invocation.text(name);
  const auto value = parse_duration(text);
  if (!value) return fail(with_context(value.error(), "--" + std::string(name)));
  if (*value >= range.least && *value <= range.most) return *value;
  const std::string least = format_duration(range.least);
  if (range.most != Duration::max()) {
    return refuse(name, text + " is outside of " + least + ".." + format_duration(range.most));
  }
  return refuse(name, range.least == Duration(0) ? text + " must not be negative"
                                                 : text + " must be at least " + least);
}

Result<std::int64_t> integer_option(const Invocation& invocation, std::string_view name,
                                    std::int64_t otherwise, IntegerRange range) {
  if (!invocation.has(name)) return otherwise;
  const std::string text = invocation.text(name);
  const char* end = text.data() + text.size();
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const bool whole = rest == end && error != std::errc::invalid_argument;
  if (!whole) return refuse(name, "\"" + text + "\" is no whole number");
  const bool fits = error == std::errc();  // else it is one that no range holds
  if (fits && value >= range.least && value <= range.most) return value;
  const std::string least = std::to_string(range.least);
  const bool is_large = !fits && text.front() != '-';
  if (range.most == INT64_MAX && !is_large)
    return refuse(name, text + " must be at least " + least);
  return refuse(name, text + " is outside of " + least + ".." + std::to_string(range.most));
}

Result<Time> time_option(const Invocation& invocation, std::string_view name) {
  if (!invocation.has(name)) return Time{};
  auto value = parse_time(invocation.text(name));
  if (!value) return fail(with_context(value.error(), "--" + std::string(name)));
  return value;
}

}  // namespace waybill::cli
