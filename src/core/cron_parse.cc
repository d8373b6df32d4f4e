#include "core/cron.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED",
                                                       "THU", "FRI", "SAT"};

struct Alias {
  std::string_view name;
  std::string_view means;
};
constexpr Alias kAliases[] = {{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
                              {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
                              {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
                              {"@annually", "0 0 1 1 *"}};

/// What a field takes.
struct Field {
  std::string_view name;
  int low = 0;
  int high = 0;
  std::string_view takes;
};
constexpr std::array<Field, 5> kFields = {{
    {"minute", 0, 59, "0-59"},
    {"hour", 0, 23, "0-23"},
    {"day of month", 1, 31, "1-31"},
    {"month", 1, 12, "1-12 or JAN-DEC"},
    {"day of week", 0, 7, "0-7 or SUN-SAT (0 and 7 are Sunday)"},
}};
constexpr std::size_t kMonthField = 3;
constexpr std::size_t kWeekdayField = 4;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string in_quotes(std::string_view text) { return "'" + std::string(text.substr(0, 64)) + "'"; }

/// Reads one field of an expression; remembers where it stands for the error.
class FieldReader {
 public:
  FieldReader(std::string_view expression, std::size_t begin, std::size_t end, std::size_t index)
      : expression_(expression), position_(begin), end_(end), index_(index) {}

  /// A bit for each value.
  Result<std::uint64_t> read() {
    std::uint64_t bits = 0;
    do {
      const auto part = read_part();
      if (!part) return fail(part.error());
      bits |= *part;
    } while (eat(','));
    if (position_ != end_)
      return refuse(position_, "has " + in_quotes(rest()) + " where it should end");
    return bits;
  }

 private:
  Result<std::uint64_t> read_part() {
    const std::size_t begin = position_;
    int low = field().low;
    int high = index_ == kWeekdayField ? 6 : field().high;
    const bool star = eat('*');
    if (!star) {
      const auto first = read_value();
      if (!first) return fail(first.error());
      low = high = *first;
      if (eat('-')) {
        const auto last = read_value();
        if (!last) return fail(last.error());
        // SAT-SUN: a Sunday that ends a range is the seventh day.
        high = *last == 0 && index_ == kWeekdayField && low > 0 ? 7 : *last;
        if (high < low) {
          return refuse(begin, "has the range " + in_quotes(text(begin)) +
                                   ", which runs backwards; write it as two, e.g. 22-23,0-2");
        }
      } else if (position_ != end_ && expression_[position_] == '/') {
        return refuse(begin, "has a step after the single value " + in_quotes(text(begin)) +
                                 "; write a range, e.g. " + std::string(text(begin)) + "-" +
                                 std::to_string(field().high) + "/2");
      }
    }
    int step = 1;
    if (eat('/')) {
      const std::size_t at = position_;
      const auto number = read_number();
      if (!number || *number < 1 || *number > field().high) {
        return refuse(at, "has a step that is not between 1 and " + std::to_string(field().high));
      }
      step = *number;
    }
    std::uint64_t bits = 0;
    for (int value = low; value <= high; value += step) {
      bits |= std::uint64_t{1} << (index_ == kWeekdayField ? value % 7 : value);
    }
    return bits;
  }

  Result<int> read_value() {
    const std::size_t begin = position_;
    if (position_ == end_ ||
        (!is_digit(expression_[position_]) && !is_letter(expression_[position_]))) {
      return refuse(begin, "misses a value before " +
                               (position_ == end_ ? "its end" : in_quotes(rest().substr(0, 1))));
    }
    const std::optional<int> value = is_digit(expression_[position_]) ? read_number() : read_name();
    if (!value || *value < field().low || *value > field().high) {
      return refuse(begin, "does not take " + in_quotes(text(begin)));
    }
    return *value;
  }

  std::optional<int> read_number() {
    int value = 0;
    std::size_t size = 0;
    for (; position_ < end_ && is_digit(expression_[position_]); ++position_, ++size) {
      value = std::min(value * 10 + (expression_[position_] - '0'), 1000);
    }
    return size == 0 ? std::nullopt : std::optional(value);
  }

  std::optional<int> read_name() {
    std::string word;
    for (; position_ < end_ && is_letter(expression_[position_]); ++position_) {
      word += to_upper(expression_[position_]);
    }
    const auto find = [&](const auto& names, int first) -> std::optional<int> {
      const auto found = std::find(names.begin(), names.end(), word);
      if (found == names.end()) return std::nullopt;
      return first + static_cast<int>(found - names.begin());
    };
    if (index_ == kMonthField) return find(kMonths, 1);
    if (index_ == kWeekdayField) return find(kWeekdays, 0);
    return std::nullopt;
  }

  bool eat(char c) {
    if (position_ == end_ || expression_[position_] != c) return false;
    ++position_;
    return true;
  }

  const Field& field() const { return kFields[index_]; }
  std::string_view rest() const { return expression_.substr(position_, end_ - position_); }
  std::string_view text(std::size_t begin) const {
    return expression_.substr(begin, position_ - begin);
  }

  tl::unexpected<Error> refuse(std::size_t at, const std::string& what) const {
    return fail(Code::invalid_argument,
                "cron " + in_quotes(expression_) + ": the " + std::string(field().name) +
                    " (field " + std::to_string(index_ + 1) + ", character " +
                    std::to_string(at + 1) + ") " + what + "; it takes " +
                    std::string(field().takes) + ", *, lists, ranges and steps");
  }

  std::string_view expression_;
  std::size_t position_;
  std::size_t end_;
  std::size_t index_;
};

using Span = std::pair<std::size_t, std::size_t>;

std::vector<Span> split_at_blanks(std::string_view text) {
  std::vector<Span> words;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && !is_blank(text[i])) ++i;
    words.emplace_back(begin, i);
  }
  return words;
}

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  auto words = split_at_blanks(text);
  if (words.size() == 1 && text[words[0].first] == '@') {
    const std::string_view name = text.substr(words[0].first, words[0].second - words[0].first);
    const auto alias = std::find_if(std::begin(kAliases), std::end(kAliases),
                                    [&](const Alias& known) { return known.name == name; });
    if (alias == std::end(kAliases)) {
      return fail(Code::invalid_argument,
                  "cron " + in_quotes(name) +
                      " is not known; there are @hourly, @daily, @midnight, @weekly, @monthly, "
                      "@yearly and @annually");
    }
    return parse_cron(alias->means);
  }
  if (words.size() != kFields.size()) {
    return fail(Code::invalid_argument,
                "cron " + in_quotes(text) + " has " + std::to_string(words.size()) +
                    " fields; it needs five: minute, hour, day of month, month, day of week");
  }
  std::array<std::uint64_t, 5> bits{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto field = FieldReader(text, words[i].first, words[i].second, i).read();
    if (!field) return fail(field.error());
    bits[i] = *field;
  }
  const auto restricted = [&](std::size_t index) { return text[words[index].first] != '*'; };
  return Cron{.minutes = bits[0],
              .hours = bits[1],
              .days = bits[2],
              .months = bits[3],
              .weekdays = bits[4],
              .day_restricted = restricted(2),
              .weekday_restricted = restricted(4)};
}

}  // namespace waybill
