#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "core/json_schema.h"

namespace waybill::http {

/// The value at a JSON pointer, or null.
const boost::json::value* value_at(const boost::json::value& value, std::string_view pointer);
/// The text at a JSON pointer; empty if there is none.
std::string text_at(const boost::json::value& value, std::string_view pointer);

/// The parts of an OpenAPI document that others refer to. `document` outlives it. Immutable.
class ApiSchemas {
 public:
  explicit ApiSchemas(const boost::json::value& document) : document_(document) {}

  /// What a reference leads to; a value that is none is itself. Null: it leads nowhere.
  const boost::json::value* resolve(const boost::json::value& value) const;
  /// Compiles a schema of the document, with those components that it needs as its $defs.
  /// `invalid_argument` lists what is wrong with it.
  Result<JsonSchema> compile(const boost::json::value& schema) const;

 private:
  const boost::json::value& document_;
};

}  // namespace waybill::http
