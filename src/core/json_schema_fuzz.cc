// Any schema (the first line) with any instance (the rest): a schema is compiled or said to be
// wrong, an instance is judged the same each time, and params are refused if and only if something
// is wrong with them.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "core/json_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos || line == 0) return 0;
  const auto schema = json::parse(text.substr(0, line));
  if (!schema) return 0;
  const auto compilation = JsonSchema::compile(*schema, standard_formats());
  WAYBILL_CHECK(compilation.schema.has_value() == compilation.problems.empty(),
                "a schema that is neither compiled nor wrong");
  const std::string_view params = text.substr(line + 1);
  const auto instance = json::parse(params);
  if (!instance) return 0;
  const bool taken = check_params(text.substr(0, line), params).has_value();
  if (!compilation.schema) {
    WAYBILL_CHECK(!taken, "params that a wrong schema takes");
    return 0;
  }
  const auto violations = compilation.schema->check(*instance);
  WAYBILL_CHECK(compilation.schema->check(*instance) == violations,
                "an instance that is judged anew each time");
  for (const SchemaViolation& violation : violations) {
    WAYBILL_CHECK(!violation.message.empty(), "a violation without a word");
    WAYBILL_CHECK(violation.pointer.empty() || violation.pointer[0] == '/', "no JSON pointer");
  }
  WAYBILL_CHECK(taken == (violations.empty() && instance->is_object()),
                "params that are judged in two ways");
  return 0;
}
