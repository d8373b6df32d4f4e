#include "core/pipeline/inputs.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

/// Maps in maps; names are no longer than that allows anyway.
constexpr int kInputDepthMax = 32;

/// Artifacts are told from maps of them by their digest: a member of a map is never a text.
bool is_artifact(const bj::object& object) {
  const bj::value* sha256 = object.if_contains("sha256");
  return sha256 != nullptr && sha256->is_string();
}

std::string shown(const std::string& place) {
  return place.empty() ? "it" : "\"" + escape_utf8(place.substr(0, 200)) + "\"";
}

tl::unexpected<Error> no_artifact(const std::string& place, const std::string& why) {
  return fail(Code::invalid_argument, shown(place) + " " + why);
}

class Reading {
 public:
  Status read(const bj::value& value, const std::string& place, int depth) {
    if (depth > kInputDepthMax) return no_artifact(place, "is nested too deep");
    if (inputs_.size() > kInputsMax) return {};  // told by check_inputs
    if (value.is_array()) {
      const bj::array& list = value.get_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i].is_null()) continue;
        if (Status s = read(list[i], below(place, std::to_string(i)), depth + 1); !s) return s;
      }
      return {};
    }
    if (value.is_null()) {
      return no_artifact(place,
                         "is null: the step left no artifact of that name, or did not "
                         "succeed");
    }
    if (!value.is_object()) return no_artifact(place, "is no artifact, nor a map or list of them");
    if (is_artifact(value.get_object())) return add(value.get_object(), place);
    for (const auto& member : value.get_object()) {
      const std::string name(member.key());
      if (Status s = read(member.value(), below(place, name), depth + 1); !s) return s;
    }
    return {};
  }

  std::vector<TaskInput> take() {
    std::ranges::sort(inputs_, {}, &TaskInput::name);
    return std::move(inputs_);
  }

 private:
  static std::string below(const std::string& place, const std::string& name) {
    return place.empty() ? name : place + "/" + name;
  }

  Status add(const bj::object& artifact, const std::string& place) {
    const bj::value* size = artifact.if_contains("size_bytes");
    const bj::value* name = artifact.if_contains("name");
    if (size == nullptr || !size->is_int64()) return no_artifact(place, "has no size_bytes");
    TaskInput input{.name = place,
                    .sha256 = std::string(artifact.at("sha256").get_string()),
                    .size_bytes = size->get_int64()};
    if (place.empty()) {
      if (name == nullptr || !name->is_string()) return no_artifact(place, "has no name");
      input.name = name->get_string();
    }
    inputs_.push_back(std::move(input));
    return {};
  }

  std::vector<TaskInput> inputs_;
};

}  // namespace

std::string to_json_text(std::span<const Artifact> artifacts) {
  bj::object object;
  for (const Artifact& artifact : artifacts) {
    object[artifact.name] = bj::object{{"name", json::text(artifact.name)},
                                       {"sha256", json::text(artifact.sha256)},
                                       {"size_bytes", artifact.size_bytes},
                                       {"media_type", json::text(artifact.media_type)}};
  }
  return json::serialize(object);
}

Result<std::vector<TaskInput>> inputs_of(const bj::value& value) {
  Reading reading;
  if (Status read = reading.read(value, "", 0); !read) return fail(read.error());
  auto inputs = reading.take();
  if (Status sound = check_inputs(inputs); !sound) return fail(sound.error());
  return inputs;
}

void add_inputs(std::span<const TaskInput> inputs, Fingerprint& fingerprint) {
  for (const TaskInput& input : inputs) {
    fingerprint.emplace_back("inputs." + input.name,
                             digest_of(bj::value(json::text(input.sha256))));
  }
  std::sort(fingerprint.begin(), fingerprint.end());
}

std::string wrong_input_name(const bj::value& value) {
  if (value.is_array()) {
    for (const bj::value& each : value.get_array()) {
      if (auto wrong = wrong_input_name(each); !wrong.empty()) return wrong;
    }
  }
  if (!value.is_object() || is_artifact(value.get_object())) return "";
  for (const auto& member : value.get_object()) {
    const std::string name(member.key());
    if (const Status named = check_artifact_name(name); !named) return named.error().message;
    if (auto wrong = wrong_input_name(member.value()); !wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace waybill::pipeline
