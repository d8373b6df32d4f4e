#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace waybill {

/// More of a robots.txt is not read (RFC 9309, 2.5 asks for at least so much).
inline constexpr std::size_t kRobotsBytesMax = 500 << 10;
/// A Crawl-delay of more counts as so much.
inline constexpr Duration kCrawlDelayMax = std::chrono::minutes(5);

/// What a robots.txt says to one crawler (RFC 9309): the rules of all groups that name it, or else
/// of those for `*`. Of the rules that match, the longest counts; of equally long ones that which
/// allows. Without a rule all is allowed.
class RobotsRules {
 public:
  /// Reads any bytes; what is no line of a robots.txt is passed over. `product` is the crawler's
  /// token, compared without regard to case.
  static RobotsRules parse(std::string_view text, std::string_view product);

  /// `target`: path and query of a URL, as a request has it.
  bool allow(std::string_view target) const;
  /// Between two requests; zero: it does not say.
  Duration crawl_delay() const { return crawl_delay_; }

 private:
  struct Rule {
    std::string pattern;  // with `*`; without `$` at its end
    bool is_whole = false;
    bool allows = false;
    std::size_t length = 0;  // as it counts
  };
  friend class RobotsReader;
  static bool matches(const Rule& rule, std::string_view target);

  std::vector<Rule> rules_;
  Duration crawl_delay_{};
};

}  // namespace waybill
