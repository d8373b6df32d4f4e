#include "kinds/archive/kiwix/opds.h"

#include <cstring>
#include <pugixml.hpp>
#include <utility>

#include "base/percent.h"
#include "kinds/archive/xml_text.h"

namespace waybill {
namespace {

constexpr std::string_view kAcquisition = "http://opds-spec.org/acquisition/open-access";
constexpr std::string_view kMeta4 = ".meta4";

std::string child_text(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node& child : parent.children()) {
    if (local_xml_name(child) == name) return text_of_xml(child.child_value());
  }
  return {};
}

std::optional<OpdsEntry> entry_in(const pugi::xml_node& node) {
  for (const pugi::xml_node& link : node.children()) {
    const bool leads_to_file =
        local_xml_name(link) == "link" && link.attribute("rel").value() == kAcquisition;
    if (!leads_to_file) continue;
    std::string url = text_of_xml(link.attribute("href").value());
    if (url.ends_with(kMeta4)) url.resize(url.size() - kMeta4.size());
    const std::string_view path = std::string_view(url).substr(0, url.find_first_of("?#"));
    const auto file = from_percent(path.substr(path.rfind('/') + 1));
    auto zim = file ? parse_zim_name(*file) : std::nullopt;
    if (!zim) continue;
    return OpdsEntry{.id = child_text(node, "id"),
                     .title = child_text(node, "title"),
                     .url = std::move(url),
                     .zim = std::move(*zim),
                     .size_bytes = whole_number_in(link.attribute("length").value()).value_or(-1)};
  }
  return std::nullopt;
}

}  // namespace

Result<OpdsPage> read_opds(std::string_view xml) {
  pugi::xml_document document;
  if (Status read = load_foreign_xml(xml, "catalogue", document); !read) return fail(read.error());
  const pugi::xml_node feed = document.document_element();
  if (local_xml_name(feed) != "feed") {
    return fail(Code::failed_precondition, "it is no catalogue: its first element is <" +
                                               text_of_xml(feed.name()).substr(0, 100) +
                                               ">, not <feed>");
  }
  OpdsPage page;
  for (const pugi::xml_node& child : feed.children()) {
    const std::string_view name = local_xml_name(child);
    if (name == "totalResults") page.total = whole_number_in(child.child_value());
    if (name == "link" && std::strcmp(child.attribute("rel").value(), "next") == 0) {
      page.next = text_of_xml(child.attribute("href").value());
    }
    if (name != "entry") continue;
    page.ids.push_back(child_text(child, "id"));
    if (auto entry = entry_in(child)) page.entries.push_back(std::move(*entry));
  }
  return page;
}

}  // namespace waybill
