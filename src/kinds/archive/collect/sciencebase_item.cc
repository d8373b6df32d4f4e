#include "kinds/archive/collect/sciencebase_item.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/percent.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/collect/common.h"

namespace waybill {
namespace {

namespace bj = boost::json;

Result<bj::object> object_of(std::string_view text, std::string_view what) {
  auto parsed = json::parse(text);
  if (!parsed) return fail(with_context(parsed.error(), what));
  if (parsed->is_object()) return std::move(parsed->get_object());
  return fail(Code::failed_precondition, std::string(what) + " is no JSON object");
}

bool says_yes(const bj::object& fields, bj::string_view name) {
  const auto* value = fields.if_contains(name);
  if (value == nullptr) return false;
  return (value->is_bool() && value->get_bool()) ||
         (value->is_string() && value->get_string() == "true");
}

/// A text, or the text `url` of an object.
std::string link_in(const bj::value* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_object() ? text_in(value->get_object(), "url") : std::string();
}

}  // namespace

Result<ScienceBaseItem> read_sciencebase_item(std::string_view text) {
  auto fields = object_of(text, "the item");
  if (!fields) return fail(Code::failed_precondition, fields.error().message);
  ScienceBaseItem item{.id = text_in(*fields, "id"),
                       .title = text_in(*fields, "title"),
                       .has_children = says_yes(*fields, "hasChildren")};
  if (const auto* files = fields->if_contains("files"); files != nullptr && files->is_array()) {
    for (const bj::value& file : files->get_array()) {
      std::string url = link_in(&file);
      if (!url.empty()) item.files.push_back(std::move(url));
    }
  }
  item.json = json::serialize(*fields);
  return item;
}

Result<ScienceBaseList> read_sciencebase_list(std::string_view text, const std::string& url) {
  const auto fields = object_of(text, "the list of children");
  if (!fields) return fail(Code::failed_precondition, fields.error().message);
  ScienceBaseList list;
  const auto absolute = [&url](const std::string& reference) {
    const auto found = resolve_http_url(url, reference);
    return found ? *found : std::string();
  };
  if (const auto* items = fields->if_contains("items"); items != nullptr && items->is_array()) {
    for (const bj::value& item : items->get_array()) {
      if (!item.is_object()) continue;
      const std::string link = link_in(item.get_object().if_contains("link"));
      const std::string child = link.empty() ? std::string() : absolute(link);
      if (!child.empty()) list.children.push_back(as_json_url(child));
    }
  }
  const std::string next = link_in(fields->if_contains("nextlink"));
  if (!next.empty()) list.next = as_json_url(absolute(next));
  return list;
}

std::string as_json_url(std::string_view url) {
  if (url.empty()) return {};
  url = url.substr(0, url.find('#'));
  const auto mark = std::min(url.find('?'), url.size());
  std::string result(url.substr(0, mark));
  std::string_view query = url.substr(std::min(mark + 1, url.size()));
  std::string kept;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (!part.empty() && !part.starts_with("format=")) kept += std::string(part) + "&";
  }
  return result + "?" + kept + "format=json";
}

std::string children_url(std::string_view item_url, std::string_view id) {
  std::string_view base = item_url.substr(0, item_url.find('?'));
  const auto item = base.rfind("/item/");
  const std::string root = item == base.npos
                               ? resolve_http_url(base, "/catalog").value_or(std::string(base))
                               : std::string(base.substr(0, item));
  return root + "/items?parentId=" + to_percent(id) + "&format=json";
}

}  // namespace waybill
