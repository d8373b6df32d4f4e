#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pugi {
class xml_document;
class xml_node;
}  // namespace pugi

namespace waybill {

/// Deeper than any catalogue or metalink is.
inline constexpr int kXmlDepthMax = 32;
inline constexpr std::size_t kXmlTagsMax = 1'000'000;

/// Reads XML that a stranger wrote. `failed_precondition` for what is none, has a document type,
/// is nested too deep or has too many tags: nothing is expanded, and nothing is fetched because of
/// it. `what` is for people: "catalogue".
Status load_foreign_xml(std::string_view xml, std::string_view what, pugi::xml_document& document);

/// As UTF-8, and not too long.
std::string text_of_xml(const char* text);
/// The name without a prefix of a namespace.
std::string_view local_xml_name(const pugi::xml_node& node);
/// A whole number from 0 on, and nothing beside it.
std::optional<std::int64_t> whole_number_in(std::string_view text);

}  // namespace waybill
