#include "core/batches/path_template.h"

#include <algorithm>
#include <numeric>

#include "base/utf8.h"

namespace waybill::batches {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 5> kDateFields = {"yyyy", "MM", "dd", "HH", "mm"};

/// Year, month, day, hour, minute.
using Date = std::array<int, 5>;

Date date_of(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const year_month_day date(day);
  const auto minute = static_cast<int>(std::chrono::floor<minutes>(time - day).count());
  return {std::clamp(int(date.year()), 0, 9999), int(unsigned(date.month())),
          int(unsigned(date.day())), minute / 60, minute % 60};
}

std::optional<Time> time_of(const Date& date) {
  const year_month_day day{std::chrono::year(date[0]),
                           std::chrono::month(static_cast<unsigned>(date[1])),
                           std::chrono::day(static_cast<unsigned>(date[2]))};
  if (!day.ok() || date[3] > 23 || date[4] > 59) return std::nullopt;
  return Time(sys_days(day)) + hours(date[3]) + minutes(date[4]);
}

tl::unexpected<Error> refuse_path(std::size_t offset, const std::string& why) {
  return fail(Code::invalid_argument, "path: at byte " + std::to_string(offset) + ": " + why);
}

Status check_parts(const std::vector<std::string>& parts) {
  if (parts.empty() || parts.size() > PathTemplate::kPartsMax) {
    return fail(Code::invalid_argument, "parts: there must be 1 to " +
                                            std::to_string(PathTemplate::kPartsMax) + " of them");
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) return fail(Code::invalid_argument, "parts: one of them is empty");
    if (std::find(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(i), parts[i]) !=
        parts.begin() + static_cast<std::ptrdiff_t>(i)) {
      return fail(Code::invalid_argument, "parts: '" + parts[i] + "' is there twice");
    }
  }
  return {};
}

}  // namespace

/// What was read of a key so far.
struct PathTemplate::Reading {
  std::string_view source;
  std::size_t part = 0;
  Date date = {0, 1, 1, 0, 0};
};

Time cut(Time time, Precision precision) {
  if (precision == Precision::none) return time;
  Date date = date_of(time);
  static constexpr Date kFirst = {0, 1, 1, 0, 0};
  for (auto i = static_cast<std::size_t>(precision); i < date.size(); ++i) date[i] = kFirst[i];
  return *time_of(date);
}

Result<PathTemplate> PathTemplate::compile(std::string_view path, std::vector<std::string> parts) {
  if (auto status = check_parts(parts); !status) return fail(status.error());
  PathTemplate result;
  for (std::size_t at = 0; at < path.size();) {
    if (path[at] == '}') return refuse_path(at, "'}' without '{' before it");
    if (path[at] != '{') {
      const std::size_t end = std::min(path.find_first_of("{}", at), path.size());
      result.tokens_.push_back({.text = std::string(path.substr(at, end - at))});
      at = end;
      continue;
    }
    const std::size_t end = path.find('}', at);
    if (end == std::string_view::npos) return refuse_path(at, "'{' is never closed by '}'");
    if (auto added = result.add_field(path.substr(at + 1, end - at - 1), at); !added) {
      return fail(added.error());
    }
    at = end + 1;
  }
  if (auto status = result.check(path); !status) return fail(status.error());
  for (std::size_t i = result.variable_at_; i < result.tokens_.size(); ++i) {
    const std::string& text = result.tokens_[i].text;
    result.slashes_after_ += std::count(text.begin(), text.end(), '/');
  }
  result.longest_first_.resize(parts.size());
  std::iota(result.longest_first_.begin(), result.longest_first_.end(), 0);
  std::stable_sort(result.longest_first_.begin(), result.longest_first_.end(),
                   [&](auto a, auto b) { return parts[a].size() > parts[b].size(); });
  result.parts_ = std::move(parts);
  return result;
}

Status PathTemplate::add_field(std::string_view name, std::size_t offset) {
  const std::string shown = "{" + std::string(name) + "}";
  const auto twice = [&] { return refuse_path(offset, shown + " is there twice"); };
  const auto date = std::find(kDateFields.begin(), kDateFields.end(), name);
  if (date != kDateFields.end()) {
    const auto at = static_cast<std::size_t>(date - kDateFields.begin());
    const auto next = static_cast<std::size_t>(precision_);
    if (at < next) {
      return refuse_path(offset, shown + " comes after a finer part of the date, or twice");
    }
    if (at > next) {
      return refuse_path(offset, shown + " needs {" + std::string(kDateFields[next]) + "} before");
    }
    precision_ = static_cast<Precision>(at + 1);
    tokens_.push_back({.field = Field::date, .date_at = at});
    return {};
  }
  if (name == "source") {
    if (has_source_) return twice();
    has_source_ = true;
    tokens_.push_back({.field = Field::source});
    return {};
  }
  if (name != "batch" && name != "part") {
    return refuse_path(offset, "unknown field " + shown +
                                   "; there are {source}, {yyyy}, {MM}, {dd}, {HH}, {mm}, "
                                   "{batch} and {part}");
  }
  const bool is_batch = name == "batch";
  if (is_batch ? batch_at_ != SIZE_MAX : has_part_) return twice();
  if (is_batch) batch_at_ = tokens_.size();
  if (!is_batch) has_part_ = true;
  variable_at_ = std::min(variable_at_, tokens_.size());
  tokens_.push_back({.field = is_batch ? Field::batch : Field::part});
  return {};
}

Status PathTemplate::check(std::string_view path) const {
  if (batch_at_ == SIZE_MAX) return refuse_path(path.size(), "{batch} is missing");
  if (!has_part_) return refuse_path(path.size(), "{part} is missing");
  if (!is_utf8(path)) return refuse_path(0, "it is not UTF-8");
  return {};
}

std::size_t PathTemplate::width(const Token& token, std::string_view source,
                                std::size_t part) const {
  switch (token.field) {
    case Field::literal:
      return token.text.size();
    case Field::source:
      return source.size();
    case Field::date:
      return kDateFields[token.date_at].size();
    case Field::part:
      return parts_[part].size();
    case Field::batch:
      break;
  }
  return 0;
}

bool PathTemplate::read(const Token& token, std::string_view text, Reading& reading) const {
  switch (token.field) {
    case Field::literal:
      return text == token.text;
    case Field::source:
      return text == reading.source;
    case Field::part:
      return text == parts_[reading.part];
    case Field::date: {
      int value = 0;
      for (const char c : text) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
      }
      reading.date[token.date_at] = value;
      return true;
    }
    case Field::batch:
      break;
  }
  return false;
}

bool PathTemplate::read_all(std::size_t begin, std::size_t end, std::string_view& text,
                            Reading& reading) const {
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t size = width(tokens_[i], reading.source, reading.part);
    if (text.size() < size || !read(tokens_[i], text.substr(0, size), reading)) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool PathTemplate::read_part(std::string_view source, std::string_view key,
                             Reading& reading) const {
  // Only {batch} has no width of its own, so what comes after it is read from the end.
  std::size_t tail = 0;
  for (std::size_t i = batch_at_ + 1; i < tokens_.size(); ++i) {
    tail += width(tokens_[i], source, reading.part);
  }
  if (key.size() < tail) return false;
  std::string_view rest = key.substr(key.size() - tail);
  return read_all(batch_at_ + 1, tokens_.size(), rest, reading);
}

PathMatch PathTemplate::match(std::string_view source, std::string_view key) const {
  if (!is_utf8(key)) return {};
  for (const std::size_t part : longest_first_) {
    Reading reading{.source = source, .part = part};
    if (!read_part(source, key, reading)) continue;
    std::string_view rest = key;
    if (!read_all(0, batch_at_, rest, reading)) continue;
    std::size_t tail = 0;
    for (std::size_t i = batch_at_ + 1; i < tokens_.size(); ++i) {
      tail += width(tokens_[i], source, part);
    }
    if (rest.size() <= tail) continue;
    const std::string_view batch = rest.substr(0, rest.size() - tail);
    const auto time = time_of(reading.date);
    if (batch.find('/') != std::string_view::npos || !time) continue;
    return {.kind = PathMatch::Kind::part,
            .time = precision_ == Precision::none ? Time{} : *time,
            .batch = batch,
            .part = part};
  }
  Reading reading{.source = source};
  std::string_view rest = key;
  const bool in_place = read_all(0, variable_at_, rest, reading) && time_of(reading.date) &&
                        std::count(rest.begin(), rest.end(), '/') == slashes_after_;
  return {.kind = in_place ? PathMatch::Kind::unknown : PathMatch::Kind::other};
}

void PathTemplate::append(std::string& out, const Token& token, std::string_view source,
                          Time time) const {
  if (token.field == Field::literal) {
    out += token.text;
  } else if (token.field == Field::source) {
    out += source;
  } else if (token.field == Field::date) {
    const std::string digits = std::to_string(date_of(time)[token.date_at]);
    out.append(kDateFields[token.date_at].size() - digits.size(), '0');
    out += digits;
  }
}

std::string PathTemplate::key(std::string_view source, Time time, std::string_view batch,
                              std::size_t part) const {
  std::string result;
  for (const Token& token : tokens_) {
    if (token.field == Field::batch) {
      result += batch;
    } else if (token.field == Field::part) {
      result += parts_[part];
    } else {
      append(result, token, source, time);
    }
  }
  return result;
}

std::string PathTemplate::prefix(std::string_view source) const {
  std::string result;
  for (const Token& token : tokens_) {
    if (token.field != Field::literal && token.field != Field::source) break;
    append(result, token, source, {});
  }
  return result;
}

std::string PathTemplate::lower_bound(std::string_view source, Time begin) const {
  std::string result;
  std::string bound;  // up to the last part of the date
  for (std::size_t i = 0; i < variable_at_; ++i) {
    append(result, tokens_[i], source, begin);
    if (tokens_[i].field == Field::date) bound = result;
  }
  return bound;
}

}  // namespace waybill::batches
