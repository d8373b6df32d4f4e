#pragma once

#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "core/json_schema.h"

namespace waybill {

/// Patterns by their text; compiled once.
using PatternMap = std::map<std::string, std::regex, std::less<>>;

/// A compiled schema, as the checker sees it.
struct SchemaParts {
  const boost::json::value& root;
  const JsonSchema::Formats& formats;
  const PatternMap& patterns;
};

/// Refuses unknown keywords, values of the wrong shape and references to nowhere, and collects the
/// patterns.
void check_schema(const boost::json::value& root, const JsonSchema::Formats& formats,
                  PatternMap& patterns, std::vector<SchemaViolation>& problems);

void check_instance(const SchemaParts& parts, const boost::json::value& instance,
                    std::vector<SchemaViolation>& violations);

}  // namespace waybill
