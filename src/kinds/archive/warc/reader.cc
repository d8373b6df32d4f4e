#include "kinds/archive/warc/reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::size_t kHeadBytesMax = std::size_t{256} << 10;
constexpr std::string_view kVersion = "WARC/";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

}  // namespace

const std::string& WarcRecord::field(const std::string& name) const {
  static const std::string kNone;
  const auto found = fields.find(name);
  return found == fields.end() ? kNone : found->second;
}

std::string WarcRecord::url() const {
  std::string url = field("warc-target-uri");
  if (url.starts_with('<') && url.ends_with('>')) url = url.substr(1, url.size() - 2);
  return url;
}

std::string WarcRecord::timestamp() const {
  constexpr std::size_t kDigits = 14;
  const std::string& date = field("warc-date");
  std::string digits;
  for (const char c : date) {
    if (c == '.' || digits.size() == kDigits) break;
    if (is_digit(c)) digits += c;
  }
  return digits.size() == kDigits ? digits : std::string();
}

Result<bool> WarcReader::more() {
  if (at_ < buffer_.size()) return true;
  if (may_go_on_) {
    if (Status may = may_go_on_(); !may) return fail(may.error());
  }
  buffer_.resize(kReadBytes);
  at_ = 0;
  const auto got = file_.read({buffer_.data(), buffer_.size()});
  buffer_.resize(got ? *got : 0);
  if (!got) return fail(got.error());
  return *got > 0;
}

/// Without its end; false: nothing is left.
Result<bool> WarcReader::line(std::string& into) {
  into.clear();
  while (true) {
    const auto has_more = more();
    if (!has_more) return has_more;
    if (!*has_more) return !into.empty();
    const auto end = std::min(buffer_.find('\n', at_), buffer_.size());
    into.append(buffer_, at_, end - at_);
    const bool is_whole = end < buffer_.size();
    at_ = is_whole ? end + 1 : end;
    if (into.size() > kHeadBytesMax) {
      return fail(Code::failed_precondition, "the head of a record has no end");
    }
    if (!is_whole) continue;
    if (into.ends_with('\r')) into.pop_back();
    return true;
  }
}

Status WarcReader::skip_block() {
  while (left_ > 0) {
    const auto some = block();
    if (!some) return fail(some.error());
  }
  return {};
}

Result<std::string_view> WarcReader::block() {
  if (left_ == 0) return std::string_view();
  const auto has_more = more();
  if (!has_more) return fail(has_more.error());
  if (!*has_more) return fail(Code::failed_precondition, "it ends in the middle of a record");
  const auto count = static_cast<std::size_t>(
      std::min<std::int64_t>(left_, static_cast<std::int64_t>(buffer_.size() - at_)));
  const std::string_view some(buffer_.data() + at_, count);
  at_ += count;
  left_ -= static_cast<std::int64_t>(count);
  return some;
}

Result<std::optional<WarcRecord>> WarcReader::next() {
  if (Status skipped = skip_block(); !skipped) return fail(skipped.error());
  std::string text;
  do {
    const auto has_line = line(text);
    if (!has_line) return fail(has_line.error());
    if (!*has_line) return std::optional<WarcRecord>();
  } while (trimmed(text).empty());
  if (!text.starts_with(kVersion)) {
    return fail(Code::failed_precondition, "what comes is no record of a WARC file");
  }
  WarcRecord record;
  std::string* last = nullptr;
  std::size_t head_bytes = 0;
  while (true) {
    const auto has_line = line(text);
    if (!has_line) return fail(has_line.error());
    if (!*has_line) return fail(Code::failed_precondition, "it ends in the head of a record");
    if (text.empty()) break;
    head_bytes += text.size();
    if (head_bytes > kHeadBytesMax) {
      return fail(Code::failed_precondition, "the head of a record has no end");
    }
    const bool goes_on = text.front() == ' ' || text.front() == '\t';
    const auto colon = text.find(':');
    if (goes_on && last != nullptr) {
      *last += " " + std::string(trimmed(text));
    } else if (colon != text.npos) {
      last = &record.fields[to_lower(trimmed(text.substr(0, colon)))];
      *last = trimmed(std::string_view(text).substr(colon + 1));
    }
  }
  record.type = to_lower(record.field("warc-type"));
  const std::string& length = record.field("content-length");
  const auto [end, error] =
      std::from_chars(length.data(), length.data() + length.size(), record.content_length);
  if (error != std::errc() || end != length.data() + length.size() || record.content_length < 0) {
    return fail(Code::failed_precondition, "a record does not say how long it is");
  }
  left_ = record.content_length;
  return record;
}

}  // namespace waybill
