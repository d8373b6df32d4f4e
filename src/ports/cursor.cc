#include "ports/cursor.h"

#include <charconv>
#include <limits>

namespace waybill {
namespace {

constexpr std::size_t kRepeatedMax = 64;

/// All of the text is one number.
template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end;
}

}  // namespace

Error not_a_cursor(std::string_view cursor) {
  return {.code = Code::invalid_argument,
          .message = "'" + std::string(cursor.substr(0, kRepeatedMax)) +
                     (cursor.size() > kRepeatedMax ? "…" : "") +
                     "' is not a cursor that this list gave; take next_cursor of the page before, "
                     "or begin again without one"};
}

Result<std::int64_t> parse_number_cursor(std::string_view cursor, std::int64_t beginning) {
  if (cursor.empty()) return beginning;
  std::int64_t number = 0;
  if (read_number(cursor, number) && number > 0) return number;
  return fail(not_a_cursor(cursor));
}

std::string to_cursor(PageOrder order, const TaskPlace& last) {
  std::string cursor = std::to_string(last.handle);
  if (order != PageOrder::first_finished) return cursor;
  return std::to_string(last.finished_at) + "." + cursor;
}

Result<TaskPlace> parse_task_cursor(PageOrder order, std::string_view cursor) {
  TaskPlace place;
  if (order != PageOrder::first_finished) {
    const bool from_last = order == PageOrder::newest_first;
    const auto handle =
        parse_number_cursor(cursor, from_last ? std::numeric_limits<std::int64_t>::max() : 0);
    if (!handle) return fail(handle.error());
    place.handle = *handle;
    return place;
  }
  if (cursor.empty()) return place;
  const std::size_t dot = cursor.find('.');
  const bool whole = dot != cursor.npos && read_number(cursor.substr(0, dot), place.finished_at) &&
                     read_number(cursor.substr(dot + 1), place.handle) && place.handle > 0;
  if (!whole) return fail(not_a_cursor(cursor));
  return place;
}

std::string to_cursor(const LogPlace& place) {
  return std::to_string(place.attempt) + ":" + std::to_string(place.at);
}

Result<LogPlace> parse_log_cursor(std::string_view cursor) {
  LogPlace place;
  if (cursor.empty()) return place;
  const std::size_t colon = cursor.find(':');
  const bool whole = colon != cursor.npos && read_number(cursor.substr(0, colon), place.attempt) &&
                     read_number(cursor.substr(colon + 1), place.at) && place.at >= 0;
  if (!whole) return fail(not_a_cursor(cursor));
  return place;
}

}  // namespace waybill
