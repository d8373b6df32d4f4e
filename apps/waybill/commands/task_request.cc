#include "apps/waybill/commands/task_request.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <utility>

#include "adapters/yaml/yaml.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/kinds.h"
#include "base/json.h"
#include "base/json_numbers.h"
#include "core/definitions_load.h"
#include "core/json_schema.h"
#include "core/pipeline/start_spec.h"
#include "core/suggest.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// As definitions.schema.json has it.
constexpr std::int64_t kFailuresMax = 1'000'000;

/// `name=value`, split at the first equals sign.
Result<std::pair<std::string, std::string>> split_pair(std::string_view place,
                                                       const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Code::invalid_argument,
                std::string(place) + ": \"" + text + "\" is not NAME=VALUE");
  }
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

/// The type that a schema of params wants for this one; empty: several, or it does not say.
std::string type_wanted(std::string_view schema, const std::string& name) {
  const auto root = json::parse(schema.empty() ? "{}" : schema);
  if (!root || !root->is_object()) return "";
  const bj::value* at = root->get_object().if_contains("properties");
  if (at == nullptr || !at->is_object()) return "";
  at = at->get_object().if_contains(name);
  if (at == nullptr || !at->is_object()) return "";
  at = at->get_object().if_contains("type");
  return at == nullptr || !at->is_string() ? "" : std::string(at->get_string());
}

/// Whether a number is written as one says it: of a version, 1.10 is not 1.1.
bool is_as_written(double number, std::string_view text) {
  std::array<char, 64> shortest{};
  const auto end = std::to_chars(shortest.data(), shortest.data() + shortest.size(), number,
                                 std::chars_format::fixed);
  return end.ec == std::errc() && text == std::string_view(shortest.data(), end.ptr);
}

/// A value of NAME=VALUE: a text where that is wanted; else JSON where it is a number, true, false,
/// null, a list or a map; else text. A number that is not written as JSON would write it is one
/// only where that is wanted.
bj::value param_value(const std::string& text, std::string_view wanted) {
  if (wanted == "string") return bj::value(text);
  auto value = json::parse(text);
  if (!value || value->is_string()) return bj::value(text);
  const bool wants_number = wanted == "number" || wanted == "integer";
  if (!wants_number && value->is_double() && text.find_first_of(".eE") != text.npos &&
      !is_as_written(value->get_double(), text)) {
    return bj::value(text);
  }
  return std::move(*value);
}

/// The JSON object that an option gives; an empty one if it was not given.
Result<bj::object> object_option(const Invocation& invocation, std::string_view name) {
  if (!invocation.has(name)) return bj::object();
  auto value = json::parse(invocation.text(name));
  if (!value) return fail(with_context(value.error(), "--" + std::string(name)));
  if (!value->is_object()) {
    return fail(Code::invalid_argument, "--" + std::string(name) + ": has to be a JSON object");
  }
  if (Status kept = check_numbers_kept("--" + std::string(name), invocation.text(name), *value);
      !kept) {
    return fail(kept.error());
  }
  return std::move(value->get_object());
}

std::string task_schema(Session& session, const std::string& definition) {
  const auto definitions = session.definitions();
  if (!definitions) return "";  // whoever uses them says why
  const auto found = (*definitions)->tasks.find(definition);
  return found == (*definitions)->tasks.end() ? "" : found->second.params_schema;
}

Result<std::string> read_params(Session& session, const Invocation& invocation,
                                const std::string& definition) {
  auto given = object_option(invocation, "params");
  if (!given) return fail(given.error());
  const std::vector<std::string> pairs = invocation.texts("param");
  if (pairs.empty()) return json::serialize(*given);
  const std::string schema = invocation.has("pipeline")
                                 ? pipeline_schema(session, invocation.text("pipeline"))
                                 : task_schema(session, definition);
  return with_params(std::move(*given), pairs, "--param", schema);
}

/// A task without a definition: --kind with --spec, or a program behind `--`, to which --spec adds.
Result<TaskRequest> bare_request(const Invocation& invocation) {
  TaskRequest request;
  request.kind = invocation.has("kind") ? invocation.text("kind") : "command";
  auto spec = object_option(invocation, "spec");
  if (!spec) return fail(spec.error());
  if (invocation.rest.empty()) {
    if (!invocation.has("kind")) {
      return fail(Code::invalid_argument,
                  "which task? Give the name of a definition, a program behind --, or --kind; see "
                  "`waybill " +
                      invocation.command + " --help`");
    }
    request.spec = json::serialize(*spec);
    return request;
  }
  if (request.kind != "command") {
    return fail(Code::invalid_argument, "--kind " + request.kind +
                                            " runs no program: leave out --kind, or what stands "
                                            "behind --");
  }
  if (spec->contains("command") || spec->contains("shell")) {
    return fail(Code::invalid_argument,
                "--spec: it names a program, and so does what stands behind --; give one of them");
  }
  bj::array command;
  for (const std::string& word : invocation.rest) command.emplace_back(word);
  std::error_code ignored;
  const std::string here = std::filesystem::current_path(ignored).string();
  command[0] = resolve_program(invocation.rest[0], here);
  (*spec)["command"] = std::move(command);
  request.spec = json::serialize(*spec);
  return request;
}

/// Where a name was looked for, or what to do first.
std::string place_of_definitions(const Config& config) {
  if (!names_definitions(config)) {
    return "; name the directory of definitions with --definitions DIR";
  }
  if (config.definitions_from.empty()) return " in " + config.definitions;
  return "; `waybill definitions list` shows all, `waybill definitions sync` takes new ones";
}

Result<TaskRequest> defined_request(Session& session, const std::string& name,
                                    const std::string& params) {
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  const auto& tasks = (*definitions)->tasks;
  const auto found = tasks.find(name);
  if (found == tasks.end()) {
    std::vector<std::string> known;
    for (const auto& [task_name, task] : tasks) known.push_back(task_name);
    return fail(Code::not_found, "there is no task definition \"" + name + "\"" +
                                     place_of_definitions(session.config()) +
                                     did_you_mean(name, known));
  }
  if (const Status status = check_params(found->second.params_schema, params); !status) {
    return fail(status.error());
  }
  return make_request(found->second, params);
}

/// The task that starts a run of the pipeline that --pipeline names.
Result<TaskRequest> start_request(Session& session, const Invocation& invocation,
                                  const std::string& params) {
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  const std::string& name = invocation.text("pipeline");
  const auto& pipelines = (*definitions)->pipelines;
  const auto found = pipelines.find(name);
  if (found == pipelines.end()) {
    std::vector<std::string> known;
    for (const auto& [pipeline_name, pipeline] : pipelines) known.push_back(pipeline_name);
    return fail(Code::not_found, "there is no pipeline \"" + name + "\"" +
                                     place_of_definitions(session.config()) +
                                     did_you_mean(name, known));
  }
  if (const Status status = check_params(found->second.params_schema, params); !status) {
    return fail(status.error());
  }
  const auto priority =
      integer_option(invocation, "priority", 0, {.least = kPriorityMin, .most = kPriorityMax});
  if (!priority) return fail(priority.error());
  pipeline::StartSpec spec{.pipeline = name, .priority = std::nullopt, .notify = {}};
  if (invocation.has("priority")) spec.priority = static_cast<int>(*priority);
  return pipeline::make_start_request(found->second, spec, params);
}

Status read_time_options(const Invocation& invocation, Time now, TaskRequest& request) {
  const auto delay = duration_option(invocation, "delay", Duration::zero());
  if (!delay) return fail(delay.error());
  const auto at = time_option(invocation, "at");
  if (!at) return fail(at.error());
  if (invocation.has("at") && invocation.has("delay")) {
    return fail(Code::invalid_argument, "--at and --delay: give one of them");
  }
  request.run_at = invocation.has("delay") ? now + *delay : *at;
  const auto timeout = duration_option(invocation, "timeout", request.run_time_max);
  if (!timeout) return fail(timeout.error());
  request.run_time_max = *timeout;
  return {};
}

Status read_options(const Invocation& invocation, TaskRequest& request) {
  if (invocation.has("queue")) request.queue = invocation.text("queue");
  const auto priority = integer_option(invocation, "priority", request.priority,
                                       {.least = kPriorityMin, .most = kPriorityMax});
  if (!priority) return fail(priority.error());
  request.priority = static_cast<int>(*priority);
  const auto failures = integer_option(invocation, "failures", request.retry.failures_max,
                                       {.least = 1, .most = kFailuresMax});
  if (!failures) return fail(failures.error());
  request.retry.failures_max = static_cast<std::uint32_t>(*failures);
  for (const std::string& text : invocation.texts("label")) {
    auto pair = split_pair("--label", text);
    if (!pair) return fail(pair.error());
    if (Status own = check_labels({*pair}); !own) return fail(with_context(own.error(), "--label"));
    std::erase_if(request.labels, [&](const auto& label) { return label.first == pair->first; });
    request.labels.push_back(std::move(*pair));
  }
  request.dedup_key = invocation.text("key");
  return {};
}

}  // namespace

Status check_numbers_kept(const std::string& place, std::string_view text, const bj::value& value) {
  if (value.is_string()) return {};  // of --param: the text as it is
  const auto lost = json::whole_number_lost(text, value);
  if (!lost) return {};
  return fail(Code::invalid_argument,
              place + ": " + json::told_of_lost_number(*lost) + R"(: --params '{"name": "12"}')");
}

std::string pipeline_schema(Session& session, const std::string& name) {
  const auto definitions = session.definitions();
  if (!definitions) return "";  // whoever uses them says why
  const auto found = (*definitions)->pipelines.find(name);
  return found == (*definitions)->pipelines.end() ? "" : found->second.params_schema;
}

Result<std::string> with_params(bj::object params, const std::vector<std::string>& pairs,
                                std::string_view place, std::string_view schema) {
  for (const std::string& text : pairs) {
    const auto pair = split_pair(place, text);
    if (!pair) return fail(pair.error());
    bj::value value = param_value(pair->second, type_wanted(schema, pair->first));
    const Status kept =
        check_numbers_kept(std::string(place) + " " + pair->first, pair->second, value);
    if (!kept) return fail(kept.error());
    params[pair->first] = std::move(value);
  }
  return json::serialize(params);
}

std::vector<Option> task_request_options() {
  return {{"kind", "KIND", "a task of this kind instead of a definition"},
          {"spec", "JSON",
           "what the kind is to do, with --kind; of a program its limits, environment, …"},
          {"param", "NAME=VALUE", "one of the task's params", Option::Times::many},
          {"params", "JSON", "all of the task's params as a JSON object"},
          {"queue", "NAME", "instead of the definition's"},
          {"priority", "NUMBER", "-100 to 100, higher first"},
          {"timeout", "DURATION", "of one attempt"},
          {"failures", "NUMBER", "transient failures until the task is failed"},
          {"label", "NAME=VALUE", "kept with the task", Option::Times::many}};
}

Result<TaskRequest> read_task_request(Session& session, const Invocation& invocation,
                                      const std::string& definition) {
  auto params = read_params(session, invocation, definition);
  if (!params) return fail(params.error());
  if (!definition.empty() && (!invocation.rest.empty() || invocation.has("kind"))) {
    return fail(Code::invalid_argument,
                "a definition's name, a program behind -- or --kind: give one of them");
  }
  if (!definition.empty() && invocation.has("spec")) {
    return fail(Code::invalid_argument,
                "--spec: what the task is to do stands in its definition \"" + definition + "\"");
  }
  if (invocation.has("pipeline") && (!definition.empty() || !invocation.rest.empty() ||
                                     invocation.has("kind") || invocation.has("spec"))) {
    return fail(Code::invalid_argument,
                "--pipeline: its definition says what it does; leave out a definition's name, a "
                "program behind --, --kind and --spec");
  }
  auto request = invocation.has("pipeline") ? start_request(session, invocation, *params)
                 : definition.empty()       ? bare_request(invocation)
                                            : defined_request(session, definition, *params);
  if (!request) return fail(request.error());
  const Time now = session.clock().now();
  request->id = UuidMaker(session.rng()).next(now);
  request->params = *params;
  request->created_by = "cli:" + user_name();
  if (const Status read = read_options(invocation, *request); !read) return fail(read.error());
  if (const Status read = read_time_options(invocation, now, *request); !read) {
    return fail(read.error());
  }
  if (const Status status = check_request(*request); !status) return fail(status.error());
  const auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  if (const Status status = kinds->check(*request); !status) return fail(status.error());
  return request;
}

}  // namespace waybill::cli
