#include "core/fetch/robots.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

int digit_of_hex(char c) {
  const auto at = kHexDigits.find(to_upper(c));
  return at == kHexDigits.npos ? -1 : static_cast<int>(at);
}

bool is_unreserved(unsigned char c) {
  const char sign = static_cast<char>(c);
  return is_letter(sign) || is_digit(sign) || sign == '-' || sign == '.' || sign == '_' ||
         sign == '~';
}

/// So that what means the same is the same (RFC 9309, 2.2.2): bytes beyond ASCII are encoded, what
/// need not be encoded is not.
std::string normal_path(std::string_view path) {
  std::string normal;
  const auto encode = [&normal](unsigned char byte) {
    normal += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
  };
  for (std::size_t at = 0; at < path.size(); ++at) {
    const auto byte = static_cast<unsigned char>(path[at]);
    const int high = byte == '%' && at + 2 < path.size() ? digit_of_hex(path[at + 1]) : -1;
    const int low = high >= 0 ? digit_of_hex(path[at + 2]) : -1;
    if (low >= 0) {
      const auto meant = static_cast<unsigned char>(high * 16 + low);
      if (is_unreserved(meant)) {
        normal += static_cast<char>(meant);
      } else {
        encode(meant);
      }
      at += 2;
    } else if (byte <= ' ' || byte >= 0x7f) {
      encode(byte);
    } else {
      normal += static_cast<char>(byte);
    }
  }
  return normal;
}

std::string_view without_blanks(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The product token at the beginning of a value: "waybill" of "Waybill/1.2 (archive)".
std::string product_of(std::string_view value) {
  if (value.starts_with("*")) return "*";
  const auto end =
      std::ranges::find_if_not(value, [](char c) { return is_letter(c) || c == '-' || c == '_'; });
  return to_lower(value.substr(0, static_cast<std::size_t>(end - value.begin())));
}

/// Seconds, whole or with a fraction; zero: it is no number of them.
Duration delay_of(std::string_view value) {
  double seconds = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), seconds, std::chars_format::fixed);
  const bool is_number = error == std::errc() && end == value.data() + value.size();
  if (!is_number || !std::isfinite(seconds) || seconds <= 0) return {};
  const double most = std::chrono::duration<double>(kCrawlDelayMax).count();
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::min(seconds, most)));
}

}  // namespace

/// Reads line after line. Rules of groups that name the crawler and of those for all are kept apart
/// until it is known whether there are any of the former.
class RobotsReader {
 public:
  explicit RobotsReader(std::string_view product) : product_(to_lower(product)) {}

  void read(std::string_view line) {
    line = without_blanks(line.substr(0, line.find('#')));
    const auto colon = line.find(':');
    if (colon == line.npos) return;
    const std::string field = to_lower(without_blanks(line.substr(0, colon)));
    const std::string_view value = without_blanks(line.substr(colon + 1));
    if (field == "user-agent") {
      begin_group(value);
    } else if (field == "allow" || field == "disallow") {
      add(value, field == "allow");
    } else if (field == "crawl-delay") {
      is_in_rules_ = true;
      for (RobotsRules* rules : heard()) {
        rules->crawl_delay_ = std::max(rules->crawl_delay_, delay_of(value));
      }
    }
  }
  RobotsRules end() { return is_named_ ? std::move(named_) : std::move(others_); }

 private:
  void begin_group(std::string_view value) {
    if (std::exchange(is_in_rules_, false)) is_for_it_ = is_for_all_ = false;
    const std::string product = product_of(value);
    is_for_all_ = is_for_all_ || product == "*";
    is_for_it_ = is_for_it_ || product == product_;
    is_named_ = is_named_ || is_for_it_;
  }
  void add(std::string_view value, bool allows) {
    is_in_rules_ = true;
    if (value.empty()) return;
    RobotsRules::Rule rule{.allows = allows};
    if (value.back() == '$') {
      rule.is_whole = true;
      value.remove_suffix(1);
    }
    const bool is_rooted = value.starts_with('/') || value.starts_with('*');
    rule.pattern = (is_rooted ? "" : "/") + normal_path(value);
    const auto is_doubled = [](char a, char b) { return a == '*' && b == '*'; };
    rule.pattern.erase(std::unique(rule.pattern.begin(), rule.pattern.end(), is_doubled),
                       rule.pattern.end());
    rule.length = rule.pattern.size() + (rule.is_whole ? 1 : 0);
    for (RobotsRules* rules : heard()) rules->rules_.push_back(rule);
  }
  /// Whom the group that is being read is for.
  std::vector<RobotsRules*> heard() {
    std::vector<RobotsRules*> all;
    if (is_for_it_) all.push_back(&named_);
    if (is_for_all_) all.push_back(&others_);
    return all;
  }

  const std::string product_;
  RobotsRules named_;
  RobotsRules others_;
  bool is_named_ = false;
  bool is_for_it_ = false;
  bool is_for_all_ = false;
  bool is_in_rules_ = false;  // the next User-agent begins another group
};

RobotsRules RobotsRules::parse(std::string_view text, std::string_view product) {
  text = text.substr(0, kRobotsBytesMax);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  RobotsReader reader(product);
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    reader.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.end();
}

/// Piece after piece between the stars, each as early as it can be; the last one of a whole pattern
/// at the end.
bool RobotsRules::matches(const Rule& rule, std::string_view target) {
  std::string_view pattern = rule.pattern;
  const auto first = std::min(pattern.find('*'), pattern.size());
  if (!target.starts_with(pattern.substr(0, first))) return false;
  target.remove_prefix(first);
  if (first == pattern.size()) return !rule.is_whole || target.empty();
  pattern.remove_prefix(first + 1);
  while (true) {
    const auto star = pattern.find('*');
    if (star == pattern.npos) break;
    const std::string_view piece = pattern.substr(0, star);
    const auto at = target.find(piece);
    if (at == target.npos) return false;
    target.remove_prefix(at + piece.size());
    pattern.remove_prefix(star + 1);
  }
  return rule.is_whole ? target.ends_with(pattern) : target.find(pattern) != target.npos;
}

bool RobotsRules::allow(std::string_view target) const {
  if (target == "/robots.txt") return true;
  const std::string normal = normal_path(target.empty() ? "/" : target);
  const Rule* best = nullptr;
  for (const Rule& rule : rules_) {
    const bool is_better = best == nullptr || rule.length > best->length ||
                           (rule.length == best->length && rule.allows);
    if (is_better && matches(rule, normal)) best = &rule;
  }
  return best == nullptr || best->allows;
}

}  // namespace waybill
