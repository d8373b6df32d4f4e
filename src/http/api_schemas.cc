#include "http/api_schemas.h"

#include <boost/json.hpp>

namespace waybill::http {
namespace bj = boost::json;
namespace {

constexpr std::string_view kComponents = "#/components/schemas/";
constexpr std::string_view kDefs = "#/$defs/";
constexpr int kReferencesMax = 8;

std::string_view view(const bj::string& text) { return {text.data(), text.size()}; }

/// Turns references to components into such to $defs, and notes the components' names.
void rewrite(bj::value& value, std::vector<std::string>& names) {
  if (value.is_array()) {
    for (bj::value& element : value.get_array()) rewrite(element, names);
  }
  if (!value.is_object()) return;
  for (auto& member : value.get_object()) {
    if (member.key() != "$ref" || !member.value().is_string()) {
      rewrite(member.value(), names);
      continue;
    }
    const std::string_view target = view(member.value().get_string());
    if (!target.starts_with(kComponents)) continue;
    names.emplace_back(target.substr(kComponents.size()));
    member.value() = bj::string(std::string(kDefs) + names.back());
  }
}

/// Ours, `waybill-label` for a label as queries have it, and `waybill-duration` for a duration as
/// in 10m: the name `duration` means another form to everybody else who reads an OpenAPI document
/// (ISO 8601, PT10M).
JsonSchema::Formats formats() {
  JsonSchema::Formats formats = standard_formats();
  formats["waybill-duration"] = formats.extract("duration").mapped();
  formats["waybill-label"] = [](std::string_view text) -> Status {
    const std::size_t equals = text.find('=');
    if (equals != text.npos && equals > 0) return {};
    return fail(Code::invalid_argument,
                "wants name=value, as in team=data, not \"" + std::string(text) + "\"");
  };
  return formats;
}

}  // namespace

const bj::value* value_at(const bj::value& value, std::string_view pointer) {
  bj::error_code error;
  return value.find_pointer(bj::string_view(pointer.data(), pointer.size()), error);
}

std::string text_at(const bj::value& value, std::string_view pointer) {
  const bj::value* found = value_at(value, pointer);
  if (found == nullptr || !found->is_string()) return "";
  return std::string(view(found->get_string()));
}

const bj::value* ApiSchemas::resolve(const bj::value& value) const {
  const bj::value* at = &value;
  for (int i = 0; at != nullptr && i < kReferencesMax; ++i) {
    const std::string target = text_at(*at, "/$ref");
    if (target.empty()) return at;
    at = target.starts_with("#/") ? value_at(document_, std::string_view(target).substr(1))
                                  : nullptr;
  }
  return nullptr;
}

Result<JsonSchema> ApiSchemas::compile(const bj::value& schema) const {
  bj::value root = schema;
  std::vector<std::string> names;
  rewrite(root, names);
  bj::object defs;
  while (!names.empty()) {
    const std::string name = std::move(names.back());
    names.pop_back();
    if (defs.contains(name)) continue;
    const bj::value* component = value_at(document_, "/components/schemas/" + name);
    if (component == nullptr) {
      return fail(Code::invalid_argument, "there is no schema " + std::string(kComponents) + name);
    }
    rewrite(defs[name] = *component, names);
  }
  if (root.is_object() && !defs.empty()) root.get_object()["$defs"] = std::move(defs);
  auto compilation = JsonSchema::compile(root, formats());
  if (compilation.schema) return std::move(*compilation.schema);
  std::string message;
  for (const SchemaViolation& problem : compilation.problems) {
    message += (message.empty() ? "" : "; ") + to_string(problem);
  }
  return fail(Code::invalid_argument, std::move(message));
}

}  // namespace waybill::http
