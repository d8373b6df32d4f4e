#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace waybill {

/// What is wrong with a JSON value, and where.
struct SchemaViolation {
  std::string pointer;  ///< RFC 6901
  std::string message;
  /// Whether the value itself is wrong, or the key that it stands under.
  enum class Of : std::uint8_t { value, key } of = Of::value;

  bool operator==(const SchemaViolation&) const = default;
};

/// `pointer: message`, or the message alone for the whole value.
std::string to_string(const SchemaViolation& violation);

/// A subset of JSON Schema, draft 2020-12 (docs/reference/json-schema.md names the keywords). What
/// it does not know it refuses when the schema is compiled, so that no rule is passed over in
/// silence. Immutable, thread-safe; copies share what was compiled.
class JsonSchema {
 public:
  /// Says what a text in a certain `format` has wrong.
  using FormatCheck = std::function<Status(std::string_view)>;
  using Formats = std::map<std::string, FormatCheck, std::less<>>;

  /// The schema, or everything that is wrong with it (pointers into the schema's own text).
  struct Compilation;
  static Compilation compile(const boost::json::value& schema, Formats formats = {});

  /// What is wrong with `instance`, in the order of the schema, the first 1,000 of it; empty: it
  /// conforms.
  std::vector<SchemaViolation> check(const boost::json::value& instance) const;

 private:
  struct Compiled;
  explicit JsonSchema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

struct JsonSchema::Compilation {
  std::optional<JsonSchema> schema;
  std::vector<SchemaViolation> problems;
};

/// The formats that every schema of ours knows: `duration` (10m), `size` (256MiB), `date-time`,
/// `cron`, `time-zone`, `uuid`.
JsonSchema::Formats standard_formats();

/// Checks a task's params against the params_schema of its definition; both are JSON texts, an
/// empty schema takes any object. `invalid_argument` lists everything that is wrong, with JSON
/// pointers.
Status check_params(std::string_view params_schema, std::string_view params);

/// Checks the params of many tasks likewise, and reads each schema once. For one thread at a time.
class ParamsChecks {
 public:
  Status check(std::string_view params_schema, const boost::json::value& params);

 private:
  std::map<std::string, JsonSchema::Compilation, std::less<>> compiled_;  // by its text
};

}  // namespace waybill
