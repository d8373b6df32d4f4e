#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill {

/// A ZIM file as Kiwix names it: `wikipedia_en_all_maxi_2024-01.zim`.
struct ZimName {
  std::string file;  ///< as it is called
  std::string stem;  ///< without the month: wikipedia_en_all_maxi
  std::string date;  ///< 2024-01

  bool operator==(const ZimName&) const = default;
};
std::optional<ZimName> parse_zim_name(std::string_view file);

/// The ZIM files that a directory listing in HTML links to, each once, in the order of their names.
std::vector<ZimName> zims_in_listing(std::string_view html);

/// Of each stem the newest.
std::vector<ZimName> newest_of(std::vector<ZimName> zims);

}  // namespace waybill
