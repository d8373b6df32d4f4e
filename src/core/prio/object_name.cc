#include "core/prio/object_name.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace waybill::prio {
namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr Time kMinuteFirst = sys_days(std::chrono::year(0) / 1 / 1);
constexpr Time kMinuteLast =
    Time(sys_days(std::chrono::year(9999) / 12 / 31)) + hours(23) + minutes(59);

/// The value of exactly these digits, -1 if one is not a digit.
int digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

void put_digits(char* out, unsigned value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

/// What is wrong with a date of the right shape or of any other, for people.
std::string date_problem(const std::array<std::string_view, 7>& parts) {
  static constexpr std::array<std::string_view, 7> kNames = {"",     "year",   "month", "day",
                                                             "hour", "minute", ""};
  for (std::size_t i = 1; i <= 5; ++i) {
    const std::size_t width = i == 1 ? 4 : 2;
    if (parts[i].size() != width || digits(parts[i]) < 0) {
      return "the " + std::string(kNames[i]) + " '" + std::string(utf8_prefix(parts[i], 16)) +
             "' is not " + (width == 4 ? "four" : "two") + " digits";
    }
  }
  return "there is no such date and time";
}

bool strip(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

/// Whether there is a `YYYY-MM-DD-HH-mm` anywhere: few names come further than the two dashes.
bool holds_date(std::string_view text) {
  for (std::size_t at = 0; at + kMinuteBytes <= text.size(); ++at) {
    if (text[at + 4] == '-' && text[at + 7] == '-' &&
        parse_minute(text.substr(at, kMinuteBytes), '-')) {
      return true;
    }
  }
  return false;
}

/// How often `-YYYY-MM-DD-HH-mm-` begins in the text; at most 2 are counted.
int count_dates(std::string_view text) {
  int found = 0;
  for (std::size_t at = text.find('-'); at != std::string_view::npos && found < 2;
       at = text.find('-', at + 1)) {
    if (text.size() < at + kMinuteBytes + 2) break;
    const bool is_date = text[at + kMinuteBytes + 1] == '-' &&
                         parse_minute(text.substr(at + 1, kMinuteBytes), '-').has_value();
    found += is_date ? 1 : 0;
  }
  return found;
}

}  // namespace

std::optional<Time> parse_minute(std::string_view text, char separator) {
  if (text.size() != kMinuteBytes) return std::nullopt;
  for (const std::size_t at : {4, 7, 10, 13}) {
    if (text[at] != separator) return std::nullopt;
  }
  const int year = digits(text.substr(0, 4));
  const int month = digits(text.substr(5, 2));
  const int day = digits(text.substr(8, 2));
  const int hour = digits(text.substr(11, 2));
  const int minute = digits(text.substr(14, 2));
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0) return std::nullopt;
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59) return std::nullopt;
  return Time(sys_days(date)) + hours(hour) + minutes(minute);
}

void append_minute(std::string& out, Time time, char separator) {
  const Time minute = floor<minutes>(std::clamp(time, kMinuteFirst, kMinuteLast));
  const auto day = floor<std::chrono::days>(minute);
  const year_month_day date(day);
  const auto in_day = std::chrono::duration_cast<minutes>(minute - day).count();
  char text[kMinuteBytes];
  put_digits(text, static_cast<unsigned>(int(date.year())), 4);
  put_digits(text + 5, unsigned(date.month()), 2);
  put_digits(text + 8, unsigned(date.day()), 2);
  put_digits(text + 11, static_cast<unsigned>(in_day / 60), 2);
  put_digits(text + 14, static_cast<unsigned>(in_day % 60), 2);
  text[4] = text[7] = text[10] = text[13] = separator;
  out.append(text, kMinuteBytes);
}

std::string format_minute(Time time, char separator) {
  std::string text;
  append_minute(text, time, separator);
  return text;
}

Result<ObjectName> parse_object_name(std::string_view key) {
  if (!is_utf8(key)) return fail(Code::invalid_argument, "it is not UTF-8");
  std::array<std::string_view, 7> parts;
  std::size_t count = 0;
  std::string_view rest = key;
  for (; count < parts.size(); ++count) {
    const std::size_t slash = rest.find('/');
    parts[count] = rest.substr(0, slash);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (count != parts.size() - 1) {
    return fail(Code::invalid_argument,
                std::string(count < parts.size() - 1 ? "it has fewer" : "it has more") +
                    " components than AGGREGATION/YYYY/MM/DD/HH/mm/FILE");
  }
  const std::size_t date_at = parts[0].size() + 1;
  const std::size_t date_size = key.size() - date_at - parts[6].size() - 1;
  const auto time = parse_minute(key.substr(date_at, date_size), '/');
  if (!time) return fail(Code::invalid_argument, date_problem(parts));
  return ObjectName{.aggregation_id = parts[0], .time = *time, .file = parts[6]};
}

FileSuffixes::FileSuffixes(std::string_view infix)
    : header_("." + std::string(infix)),
      packets_(header_ + ".avro"),
      signature_(header_ + ".sig") {}

BatchFile FileSuffixes::split(std::string_view file) const {
  BatchFile found{.batch_id = file};
  if (strip(found.batch_id, header_)) found.part = Part::header;
  if (strip(found.batch_id, packets_) && found.part == Part::none) found.part = Part::packets;
  if (strip(found.batch_id, signature_) && found.part == Part::none) found.part = Part::signature;
  return found;
}

std::string_view FileSuffixes::name(Part part) const {
  const std::string& suffix = part == Part::header    ? header_
                              : part == Part::packets ? packets_
                                                      : signature_;
  return std::string_view(suffix).substr(1);
}

std::string intake_marker(const BatchName& batch) {
  std::string marker;
  marker.reserve(9 + batch.aggregation_id.size() + kMinuteBytes + batch.batch_id.size());
  marker += "intake-";
  marker += batch.aggregation_id;
  marker += '-';
  append_minute(marker, batch.time, '-');
  marker += '-';
  marker += batch.batch_id;
  return marker;
}

std::string aggregate_marker(std::string_view aggregation_id, Time begin, Time end) {
  std::string marker = "aggregate-";
  marker += aggregation_id;
  marker += '-';
  append_minute(marker, begin, '-');
  marker += '-';
  append_minute(marker, end, '-');
  return marker;
}

bool has_ambiguous_marker(const BatchName& batch) {
  if (!holds_date(batch.aggregation_id) && !holds_date(batch.batch_id)) return false;
  return count_dates(std::string_view(intake_marker(batch)).substr(6)) > 1;
}

}  // namespace waybill::prio
