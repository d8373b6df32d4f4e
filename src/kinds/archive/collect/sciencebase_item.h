#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

/// An item of ScienceBase, as far as it is of use.
struct ScienceBaseItem {
  std::string id;
  std::string title;
  bool has_children = false;
  std::vector<std::string> files;  ///< URLs
  std::string json;                ///< all of it
};
/// `failed_precondition` for what is no item.
Result<ScienceBaseItem> read_sciencebase_item(std::string_view text);

/// A page of an item's children.
struct ScienceBaseList {
  std::vector<std::string> children;  ///< URLs, to be asked for as JSON
  std::string next;                   ///< URL of the next page; empty: it is the last
};
/// Of a page at that URL. `failed_precondition` for what is no list.
Result<ScienceBaseList> read_sciencebase_list(std::string_view text, const std::string& url);

/// The same URL, asking for JSON.
std::string as_json_url(std::string_view url);
/// The first page of an item's children, by the URL of the item.
std::string children_url(std::string_view item_url, std::string_view id);

}  // namespace waybill
