#include "kinds/archive/xml_text.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::size_t kXmlTextMax = 2000;

/// Ends the walk at what is too deep.
class DepthWalker final : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node&) override { return depth() < kXmlDepthMax; }
};

}  // namespace

Status load_foreign_xml(std::string_view xml, std::string_view what, pugi::xml_document& document) {
  // Before a tree of it is made, which takes many times as much.
  if (std::ranges::count(xml, '<') > static_cast<std::ptrdiff_t>(kXmlTagsMax)) {
    return fail(Code::failed_precondition, "it has more tags than a " + std::string(what) + " has");
  }
  const auto parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_doctype);
  if (!parsed) {
    return fail(Code::failed_precondition, "it is no XML: " + std::string(parsed.description()) +
                                               " at byte " + std::to_string(parsed.offset));
  }
  for (const pugi::xml_node& child : document.children()) {
    if (child.type() != pugi::node_doctype) continue;
    return fail(Code::failed_precondition,
                "it has a document type, which no " + std::string(what) + " needs");
  }
  DepthWalker walker;
  if (document.traverse(walker)) return {};
  return fail(Code::failed_precondition, "it is nested deeper than a " + std::string(what) + " is");
}

std::string text_of_xml(const char* text) {
  const std::string said = escape_utf8(text);
  return std::string(utf8_prefix(said, kXmlTextMax));
}

std::string_view local_xml_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

std::optional<std::int64_t> whole_number_in(std::string_view text) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && number >= 0;
  return is_number ? std::optional(number) : std::nullopt;
}

}  // namespace waybill
