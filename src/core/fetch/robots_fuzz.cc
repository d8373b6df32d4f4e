#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "core/fetch/robots.h"

// A target, a line break, a robots.txt: any bytes are read, and what is said holds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto end = all.find('\n');
  const std::string_view target = all.substr(0, end);
  const std::string_view text = end == all.npos ? std::string_view() : all.substr(end + 1);
  const RobotsRules rules = RobotsRules::parse(text, "waybill");
  WAYBILL_CHECK(rules.crawl_delay() >= Duration(0) && rules.crawl_delay() <= kCrawlDelayMax,
                "a delay is within its bounds");
  WAYBILL_CHECK(rules.allow("/robots.txt"), "the file itself may be asked for");
  const bool allowed = rules.allow(target);
  WAYBILL_CHECK(text.find(':') != text.npos || allowed, "without a rule all is allowed");
  WAYBILL_CHECK(rules.allow(target) == allowed, "the answer is the same again");
  return 0;
}
