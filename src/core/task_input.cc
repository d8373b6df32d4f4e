#include "core/task_input.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/utf8.h"
#include "core/artifact.h"
#include "core/size.h"

namespace waybill {
namespace bj = boost::json;
namespace {

constexpr std::int64_t kInputBytesDefault = kArtifactBytesDefault;
/// What Waybill puts beside them begins so.
constexpr std::string_view kOwnPrefix = "WAYBILL_";

Status refuse_input(std::string_view name, std::string_view why) {
  return fail(Code::invalid_argument,
              "input \"" + escape_utf8(std::string(name)) + "\" " + std::string(why));
}

}  // namespace

bool takes_inputs(std::string_view kind) {
  static constexpr std::array<std::string_view, 3> kKinds = {"command", "container", "repo.run"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

Status check_inputs(std::span<const TaskInput> inputs) {
  if (inputs.size() > kInputsMax) {
    return fail(Code::invalid_argument, "a task is given at most " + std::to_string(kInputsMax) +
                                            " files, and these are " +
                                            std::to_string(inputs.size()) +
                                            "; have the earlier step put them into an archive");
  }
  std::set<std::string_view> names;
  for (const TaskInput& input : inputs) {
    if (const Status named = check_artifact_name(input.name); !named) {
      return fail(with_context(named.error(), "the name of an input"));
    }
    if (input.name.starts_with(kOwnPrefix)) {
      return refuse_input(input.name, "begins with WAYBILL_: such names are Waybill's own");
    }
    if (!is_sha256_hex(input.sha256)) {
      return refuse_input(input.name, "has no SHA-256 of 64 lower-case hexadecimal digits");
    }
    if (input.size_bytes < 0) return refuse_input(input.name, "has a size below 0");
    if (!names.insert(input.name).second) return refuse_input(input.name, "is there twice");
  }
  for (const std::string_view name : names) {
    for (std::size_t slash = name.find('/'); slash != name.npos;
         slash = name.find('/', slash + 1)) {
      if (names.contains(name.substr(0, slash))) {
        return refuse_input(name, "lies below another input");
      }
    }
  }
  return {};
}

Status check_input_bytes(std::span<const TaskInput> inputs, std::int64_t bytes_max) {
  std::int64_t left = bytes_max;
  for (const TaskInput& input : inputs) {
    if (input.size_bytes > left) {
      return fail(Code::out_of_range, "the inputs have more than " + format_size(bytes_max) +
                                          " together; raise limits.inputs of the task, or give "
                                          "it less");
    }
    left -= input.size_bytes;
  }
  return {};
}

std::int64_t input_bytes_max(std::string_view spec) {
  const auto read = json::parse(spec);
  const auto* object = read ? read->if_object() : nullptr;
  const auto* limits = object != nullptr ? object->if_contains("limits") : nullptr;
  const auto* named = limits != nullptr ? limits->if_object() : nullptr;
  const auto* inputs = named != nullptr ? named->if_contains("inputs") : nullptr;
  if (inputs == nullptr || !inputs->is_string()) return kInputBytesDefault;
  return parse_size(std::string_view(inputs->get_string())).value_or(kInputBytesDefault);
}

bj::array to_json(std::span<const TaskInput> inputs) {
  bj::array list;
  for (const TaskInput& input : inputs) {
    list.push_back(bj::object{{"name", json::text(input.name)},
                              {"sha256", json::text(input.sha256)},
                              {"size_bytes", input.size_bytes}});
  }
  return list;
}

std::vector<TaskInput> read_inputs(const bj::array& list) {
  std::vector<TaskInput> inputs;
  for (const bj::value& each : list) {
    const bj::object& object = each.get_object();
    inputs.push_back({.name = std::string(object.at("name").get_string()),
                      .sha256 = std::string(object.at("sha256").get_string()),
                      .size_bytes = object.at("size_bytes").to_number<std::int64_t>()});
  }
  return inputs;
}

std::string with_inputs(std::string_view spec, std::span<const TaskInput> inputs) {
  auto value = json::parse(spec);
  if (!value || !value->is_object()) return std::string(spec);
  value->get_object()["inputs"] = to_json(inputs);
  return json::serialize(*value);
}

}  // namespace waybill
