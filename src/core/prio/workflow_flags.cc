#include "core/prio/workflow_flags.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "base/ascii.h"
#include "base/json.h"
#include "core/config.h"
#include "core/suggest.h"
#include "core/url_password.h"

namespace waybill::prio {
namespace {

namespace bj = boost::json;

std::string variable_of(std::string_view flag) {
  std::string variable = "WAYBILL_";
  for (const char c : flag) {
    variable += c == '-' ? '_' : to_upper(c);
  }
  return variable;
}

std::vector<std::string> flag_names() {
  std::vector<std::string> names;
  for (const GoFlag& flag : workflow_flags()) names.emplace_back(flag.name);
  return names;
}

const GoFlag* find_flag(std::string_view name) {
  const auto flags = workflow_flags();
  const auto found = std::find_if(flags.begin(), flags.end(),
                                  [&](const GoFlag& flag) { return flag.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

/// A file may serve `waybill serve` and the rest too.
bool is_general_setting(std::string_view name) {
  const auto entries = config_entries();
  return std::any_of(entries.begin(), entries.end(),
                     [&](const ConfigEntry& entry) { return flag_of(entry) == name; });
}

/// Paths in a file are relative to it, as other commands have it that read the same file.
bool is_path_of_ours(std::string_view name) {
  return name == "data" || name == "definitions" || name == "amqp-url-file";
}

Status set_checked(WorkflowValues& values, const GoFlag& flag, std::string text) {
  if (Status checked = check_go_value(flag, text); !checked) {
    return fail(Code::invalid_argument, "\"" + text + "\": " + checked.error().message);
  }
  values[std::string(flag.name)] = std::move(text);
  return {};
}

Status read_file(WorkflowValues& values, const Document& file) {
  const auto problem = [&](std::string_view key, const std::string& message) {
    return fail(Code::invalid_argument,
                to_string(Problem{file.file, file.key_at(child_pointer("", key)), message}));
  };
  const auto document = json::parse(file.json);
  if (!document) return fail(document.error());
  if (document->is_null()) return {};
  if (!document->is_object()) return problem("", "it must hold names and values: grace-period: 1h");
  std::map<std::string, std::string> given;  // as it is written there, by the flag's name
  for (const auto& [key, value] : document->get_object()) {
    std::string name(key);
    std::replace(name.begin(), name.end(), '_', '-');
    const GoFlag* flag = find_flag(name);
    if (flag == nullptr && is_general_setting(name)) continue;
    if (flag == nullptr || name == "config") {
      return problem(
          key, "unknown setting \"" + std::string(key) + "\"" + did_you_mean(name, flag_names()));
    }
    const auto [other, first] = given.emplace(name, key);
    if (!first) {
      return problem(key, "\"" + std::string(key) + "\" and \"" + other->second +
                              "\" are one setting: give one of them");
    }
    const bool scalar = value.is_string() || value.is_number() || value.is_bool();
    if (!scalar && !value.is_null()) return problem(key, "it takes one value");
    std::string text = value.is_string() ? std::string(value.get_string())
                       : value.is_null() ? std::string()
                                         : json::serialize(value);
    if (is_path_of_ours(name) && !text.empty()) {
      text = (std::filesystem::path(file.directory) / text).lexically_normal().string();
    }
    if (Status set = set_checked(values, *flag, std::move(text)); !set) {
      return problem(key, std::string(key) + " is " + set.error().message);
    }
  }
  return {};
}

/// A place that is given where it counts more takes the place of one that is given in the other
/// way: --amqp-url-file counts before WAYBILL_AMQP_URL.
void forget_amqp_place(WorkflowValues& values) {
  values["amqp-url"].clear();
  values["amqp-url-file"].clear();
}

Status read_variables(WorkflowValues& values, const WorkflowSources& sources) {
  for (const char* name : {"amqp-url", "amqp-url-file"}) {
    const auto found = sources.environment.find(variable_of(name));
    if (found != sources.environment.end() && !found->second.empty()) forget_amqp_place(values);
  }
  for (const GoFlag& flag : workflow_flags()) {
    const std::string variable = variable_of(flag.name);
    const auto found = sources.environment.find(variable);
    if (found == sources.environment.end()) continue;
    if (Status set = set_checked(values, flag, found->second); !set) {
      return fail(Code::invalid_argument, variable + " is " + set.error().message);
    }
  }
  return {};
}

Status read_arguments(WorkflowValues& values, const WorkflowSources& sources) {
  const auto parsed = parse_go_flags(workflow_flags(), sources.arguments);
  if (!parsed) return fail(parsed.error());
  for (const char* name : {"amqp-url", "amqp-url-file"}) {
    const auto found = parsed->values.find(name);
    if (found != parsed->values.end() && !found->second.empty()) forget_amqp_place(values);
  }
  if (const auto url = parsed->values.find("amqp-url"); url != parsed->values.end()) {
    if (Status open = refuse_password(url->second, kAmqpUrlSources); !open) return open;
  }
  for (const auto& [name, text] : parsed->values) values[name] = text;
  return {};
}

/// Names that other commands have as flags alone: who gives them as a setting is mistaken.
bool is_of_one_run(std::string_view flag) {
  return flag == "dry-run" || flag == "json" || flag == "now";
}

}  // namespace

bool is_workflow_setting(std::string_view name) {
  std::string flag(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  // Of a setting of both only the spelling of both is meant: else it would be passed over.
  return flag != "config" && !is_of_one_run(flag) && !is_general_setting(flag) &&
         find_flag(flag) != nullptr;
}

bool is_workflow_variable(std::string_view variable) {
  const auto flags = workflow_flags();
  return std::any_of(flags.begin(), flags.end(), [&](const GoFlag& flag) {
    return variable_of(flag.name) == variable && !is_of_one_run(flag.name);
  });
}

Result<WorkflowValues> read_workflow_flags(const WorkflowSources& sources) {
  WorkflowValues values;
  for (const GoFlag& flag : workflow_flags()) values.emplace(flag.name, flag.fallback);
  if (sources.file != nullptr) {
    if (Status read = read_file(values, *sources.file); !read) return fail(read.error());
  }
  if (Status read = read_variables(values, sources); !read) return fail(read.error());
  if (Status read = read_arguments(values, sources); !read) return fail(read.error());
  return values;
}

PushTarget push_target(const WorkflowValues& values) {
  return {.gateway = values.find("push-gateway")->second,
          .locality = values.find("k8s-namespace")->second,
          .ingestor = values.find("ingestor-label")->second};
}

}  // namespace waybill::prio
