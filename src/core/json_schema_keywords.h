#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "core/json_schema.h"
#include "core/json_schema_pattern.h"
#include "core/json_schema_rules.h"

namespace waybill {

/// Patterns by their text; compiled once.
using PatternMap = std::map<std::string, SchemaPattern, std::less<>>;

/// A compiled schema, as the checker sees it.
struct SchemaParts {
  const boost::json::value& root;
  const JsonSchema::Formats& formats;
  const PatternMap& patterns;
  const schema::RulesMap& rules;
};

/// What is collected of a schema while it is read.
struct SchemaFinds {
  PatternMap patterns;
  schema::RulesMap rules;  ///< these point into the schema
};

/// Refuses unknown keywords, values of the wrong shape and references to nowhere.
void check_schema(const boost::json::value& root, const JsonSchema::Formats& formats,
                  SchemaFinds& finds, std::vector<SchemaViolation>& problems);

/// What to say if not one of these forms fits but `conforming`: "give command or shell" where each
/// only requires a field; empty if none fits and it takes more to say what is missing.
std::string misfit_of(const boost::json::array& forms, std::size_t conforming);

/// A value and all that is in it.
std::size_t count_values(const boost::json::value& value);

void check_instance(const SchemaParts& parts, const boost::json::value& instance,
                    std::vector<SchemaViolation>& violations);

}  // namespace waybill
