#include "core/json_schema.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/time.h"
#include "base/uuid.h"
#include "base/zone.h"
#include "core/cron.h"
#include "core/json_schema_keywords.h"
#include "core/size.h"

namespace waybill {
namespace bj = boost::json;

struct JsonSchema::Compiled {
  bj::value root;
  Formats formats;
  SchemaFinds finds;
};

std::size_t count_values(const bj::value& value) {
  std::size_t count = 1;
  if (value.is_array()) {
    for (const bj::value& element : value.get_array()) count += count_values(element);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) count += count_values(member.value());
  }
  return count;
}

std::string to_string(const SchemaViolation& violation) {
  return violation.pointer.empty() ? violation.message
                                   : violation.pointer + ": " + violation.message;
}

JsonSchema::Compilation JsonSchema::compile(const bj::value& schema, Formats formats) {
  auto compiled = std::make_shared<Compiled>();
  compiled->root = schema;
  compiled->formats = std::move(formats);
  Compilation result;
  check_schema(compiled->root, compiled->formats, compiled->finds, result.problems);
  if (result.problems.empty()) result.schema = JsonSchema(std::move(compiled));
  return result;
}

std::vector<SchemaViolation> JsonSchema::check(const bj::value& instance) const {
  std::vector<SchemaViolation> violations;
  const SchemaFinds& finds = compiled_->finds;
  check_instance({.root = compiled_->root,
                  .formats = compiled_->formats,
                  .patterns = finds.patterns,
                  .rules = finds.rules},
                 instance, violations);
  return violations;
}

JsonSchema::Formats standard_formats() {
  const auto only_status = [](auto parse) {
    return [parse](std::string_view text) -> Status {
      const auto parsed = parse(text);
      if (!parsed) return fail(parsed.error());
      return {};
    };
  };
  return {{"cron", only_status(parse_cron)},
          {"date-time", only_status(parse_time)},
          {"duration", only_status(parse_duration)},
          {"size", only_status(parse_size)},
          {"time-zone",
           only_status([](std::string_view name) { return find_zone(std::string(name)); })},
          {"uuid", only_status(parse_uuid)}};
}

Status check_params(std::string_view params_schema, std::string_view params) {
  const auto instance = json::parse(params);
  if (!instance) return fail(with_context(instance.error(), "params"));
  return ParamsChecks().check(params_schema, *instance);
}

Status ParamsChecks::check(std::string_view params_schema, const bj::value& params) {
  if (!params.is_object()) {
    return fail(Code::invalid_argument, "params: have to be a JSON object");
  }
  if (params_schema.empty()) return {};
  auto known = compiled_.find(params_schema);
  if (known == compiled_.end()) {
    const auto schema = json::parse(params_schema);
    if (!schema) return fail(with_context(schema.error(), "the schema of the params"));
    known =
        compiled_
            .emplace(std::string(params_schema), JsonSchema::compile(*schema, standard_formats()))
            .first;
  }
  std::string message;
  const auto add = [&](std::string_view what, const std::vector<SchemaViolation>& violations) {
    for (const SchemaViolation& violation : violations) {
      message += (message.empty() ? "" : "; ") + std::string(what) + to_string(violation);
    }
  };
  const JsonSchema::Compilation& compilation = known->second;
  add("the schema of the params: ", compilation.problems);
  if (compilation.schema) add("params ", compilation.schema->check(params));
  if (!message.empty()) return fail(Code::invalid_argument, message);
  return {};
}

}  // namespace waybill
