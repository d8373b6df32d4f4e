#include "kinds/command/spec.h"

#include <boost/json.hpp>
#include <charconv>

#include "base/check.h"
#include "base/json.h"
#include "core/definition_fields.h"
#include "core/json_schema.h"
#include "core/size.h"
#include "core/task.h"

namespace waybill {
namespace bj = boost::json;
namespace {

const JsonSchema& schema() {
  static const JsonSchema kSchema = [] {
    const auto text = json::parse(command_spec_schema());
    WAYBILL_CHECK(text.has_value(), "the embedded schema is JSON");
    auto compiled = JsonSchema::compile(*text, standard_formats());
    WAYBILL_CHECK(compiled.schema.has_value(), "the embedded schema is one");
    return *compiled.schema;
  }();
  return kSchema;
}

ExitMeaning read_meaning(std::string_view text) {
  if (text == "succeeded") return ExitMeaning::succeeded;
  return text == "transient" ? ExitMeaning::transient : ExitMeaning::permanent;
}

std::optional<std::int64_t> read_size(const Fields& fields, std::string_view name) {
  if (!fields.has(name)) return std::nullopt;
  return parse_size(fields.text(name)).value();
}

std::optional<std::int64_t> read_count(const Fields& fields, std::string_view name) {
  if (!fields.has(name)) return std::nullopt;
  return fields.integer(name, 0);
}

CommandLimits read_limits(const Fields& fields) {
  CommandLimits limits;
  limits.memory_bytes = read_size(fields, "memory");
  limits.output_bytes = read_size(fields, "output").value_or(limits.output_bytes);
  limits.artifact_bytes = read_size(fields, "artifacts").value_or(limits.artifact_bytes);
  limits.input_bytes = read_size(fields, "inputs").value_or(limits.input_bytes);
  limits.processes = read_count(fields, "processes");
  limits.open_files = read_count(fields, "open_files");
  if (fields.has("cpu")) limits.cpu = fields.duration("cpu", {});
  return limits;
}

void read_exit_codes(const bj::object& object, CommandSpec& spec) {
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    const ExitMeaning meaning = read_meaning(std::string_view(member.value().get_string()));
    int status = 0;
    if (key == "default") {
      spec.exit_default = meaning;
    } else if (std::from_chars(key.data(), key.data() + key.size(), status).ec == std::errc{}) {
      spec.exit_codes[status] = meaning;
    }
  }
}

bool fits_environment(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == name.npos;
}

Status check_secret_variable(const CommandSpec& spec, const std::string& name) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::invalid_argument, "/secrets/" + name + std::string(why));
  };
  if (!fits_environment(name)) return refuse(" can't be in an environment");
  if (name.starts_with("WAYBILL_")) return refuse(": names with WAYBILL_ are Waybill's own");
  if (spec.environment.contains(name)) return refuse(" is in /environment too");
  return {};
}

}  // namespace

Status check_program(const CommandSpec& spec) {
  const auto refuse = [](std::string why) { return fail(Code::invalid_argument, std::move(why)); };
  for (const std::string& argument : spec.argv) {
    if (argument.find('\0') != argument.npos) return refuse("/command holds a zero byte");
  }
  if (!spec.argv.empty() && spec.argv.front().empty()) {
    return refuse("/command/0 names no program");
  }
  for (const auto& [name, value] : spec.environment) {
    const bool fits = fits_environment(name) && value.find('\0') == value.npos;
    if (!fits) return refuse("/environment/" + name + " can't be in an environment");
    if (name.starts_with("WAYBILL_")) {
      return refuse("/environment/" + name + ": names with WAYBILL_ are Waybill's own");
    }
  }
  for (const auto& [name, secret] : spec.secrets) {
    if (const Status fits = check_secret_variable(spec, name); !fits) return fits;
    if (!is_name(secret)) return refuse("/secrets/" + name + " " + std::string(kNameRule));
  }
  if (spec.grace < Duration(0)) return refuse("/grace must not be negative");
  if (spec.limits.cpu && *spec.limits.cpu <= Duration(0)) {
    return refuse("/limits/cpu must be longer than 0s");
  }
  if (spec.limits.memory_bytes && *spec.limits.memory_bytes < (1 << 20)) {
    return refuse("/limits/memory must be at least 1MiB");
  }
  return {};
}

Status read_program_fields(const Fields& fields, CommandSpec& spec) {
  for (const auto& member : fields.object("environment")) {
    spec.environment[std::string(member.key())] = std::string(member.value().get_string());
  }
  for (const auto& member : fields.object("secrets")) {
    spec.secrets[std::string(member.key())] = std::string(member.value().get_string());
  }
  spec.standard_input = fields.text("stdin");
  spec.working_directory = fields.text("working_directory");
  spec.grace = fields.duration("grace", spec.grace);
  spec.limits = read_limits(Fields(fields.object("limits")));
  read_exit_codes(fields.object("exit_codes"), spec);
  if (const bj::value* inputs = fields.find("inputs")) {
    spec.inputs = read_inputs(inputs->get_array());
  }
  if (const Status sound = check_inputs(spec.inputs); !sound) {
    return fail(with_context(sound.error(), "/inputs"));
  }
  return check_program(spec);
}

Result<CommandSpec> parse_command_spec(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return fail(with_context(value.error(), "the spec of a command"));
  std::string problems;
  for (const SchemaViolation& violation : schema().check(*value)) {
    problems += (problems.empty() ? "" : "; ") + to_string(violation);
  }
  if (!problems.empty()) {
    return fail(Code::invalid_argument, "the spec of a command: " + problems);
  }
  const Fields fields(value->get_object());
  CommandSpec spec;
  if (fields.has("shell")) {
    spec.argv = {"/bin/sh", "-c", fields.text("shell")};
  } else {
    for (const bj::value& argument : fields.find("command")->get_array()) {
      spec.argv.emplace_back(argument.get_string());
    }
  }
  if (const Status read = read_program_fields(fields, spec); !read) return fail(read.error());
  return spec;
}

ExitMeaning meaning_of_exit(const CommandSpec& spec, int status) {
  const auto entry = spec.exit_codes.find(status);
  if (entry != spec.exit_codes.end()) return entry->second;
  return status == kExitTransient ? ExitMeaning::transient : spec.exit_default;
}

}  // namespace waybill
