#include "kinds/archive/kiwix/listing.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/percent.h"

namespace waybill {
namespace {

constexpr std::string_view kZimEnd = ".zim";
constexpr std::size_t kDateSize = 7;
constexpr std::size_t kZimNameMax = 200;

bool is_month(std::string_view text) {
  if (text.size() != kDateSize || text[4] != '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i != 4 && !is_digit(text[i])) return false;
  }
  const std::string_view month = text.substr(5);
  return month >= "01" && month <= "12";
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '+';
  });
}

/// What stands in quotes after the next `href=`, which is taken off `html`; none: there is no more.
std::optional<std::string_view> next_href(std::string_view& html) {
  constexpr std::string_view kHref = "href=";
  const auto found = std::search(html.begin(), html.end(), kHref.begin(), kHref.end(),
                                 [](char a, char b) { return to_lower(a) == b; });
  if (found == html.end()) return std::nullopt;
  html.remove_prefix(static_cast<std::size_t>(found - html.begin()) + kHref.size());
  if (html.empty() || (html.front() != '"' && html.front() != '\'')) return std::string_view();
  const auto end = html.find(html.front(), 1);
  if (end == html.npos) return std::nullopt;
  const std::string_view value = html.substr(1, end - 1);
  html.remove_prefix(end + 1);
  return value;
}

}  // namespace

std::optional<ZimName> parse_zim_name(std::string_view file) {
  if (file.size() > kZimNameMax || !is_plain_name(file) || !file.ends_with(kZimEnd)) {
    return std::nullopt;
  }
  const std::string_view base = file.substr(0, file.size() - kZimEnd.size());
  const auto last = base.rfind('_');
  if (last == base.npos || last == 0 || !is_month(base.substr(last + 1))) return std::nullopt;
  return ZimName{.file = std::string(file),
                 .stem = std::string(base.substr(0, last)),
                 .date = std::string(base.substr(last + 1))};
}

std::vector<ZimName> zims_in_listing(std::string_view html) {
  std::vector<ZimName> zims;
  while (const auto href = next_href(html)) {
    const std::string_view path = href->substr(0, href->find_first_of("?#"));
    const auto slash = path.rfind('/');
    const auto file = from_percent(slash == path.npos ? path : path.substr(slash + 1));
    auto zim = file ? parse_zim_name(*file) : std::nullopt;
    if (zim) zims.push_back(std::move(*zim));
  }
  std::ranges::sort(zims, {}, &ZimName::file);
  zims.erase(std::unique(zims.begin(), zims.end()), zims.end());
  return zims;
}

std::vector<ZimName> newest_of(std::vector<ZimName> zims) {
  std::ranges::sort(zims, [](const ZimName& a, const ZimName& b) {
    return a.stem != b.stem ? a.stem < b.stem : a.date > b.date;
  });
  zims.erase(std::unique(zims.begin(), zims.end(),
                         [](const ZimName& a, const ZimName& b) { return a.stem == b.stem; }),
             zims.end());
  return zims;
}

}  // namespace waybill
