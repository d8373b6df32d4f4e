#include "core/artifact.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/size.h"

namespace waybill {
namespace {

constexpr std::size_t kNameShownMax = 200;

bool is_control_byte(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// C1 controls (U+0080 to U+009F) steer some terminals as those of ASCII do.
bool holds_controls(std::string_view text) {
  if (std::ranges::any_of(text, is_control_byte)) return true;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if (text[i] == '\xc2' && next >= 0x80 && next <= 0x9f) return true;
  }
  return false;
}

std::string shown_name(std::string_view name) {
  std::string text = escape_utf8(name.substr(0, kNameShownMax));
  std::string safe;
  for (const char c : text) safe += is_control_byte(c) || c == '\xc2' ? '?' : c;
  return "\"" + mend_utf8(safe) + (name.size() > kNameShownMax ? "…\"" : "\"");
}

Status refuse_artifact(std::string_view name, std::string_view why) {
  return fail(Code::invalid_argument, "artifact " + shown_name(name) + " " + std::string(why));
}

bool is_token_character(char c) {
  constexpr std::string_view kMarks = "!#$&-^_.+";
  return is_digit(c) || is_letter(c) || kMarks.find(c) != kMarks.npos;
}

/// Two names of which one would have to be the other's directory, next to each other by bytes but
/// for names in between that have a byte less than a slash.
const Artifact* directory_of(const std::vector<const Artifact*>& by_name, std::string_view name) {
  for (std::size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1)) {
    const std::string_view parent = name.substr(0, slash);
    const auto found = std::ranges::lower_bound(
        by_name, parent, {}, [](const Artifact* each) { return std::string_view(each->name); });
    if (found != by_name.end() && (*found)->name == parent) return *found;
  }
  return nullptr;
}

}  // namespace

Status check_artifact_name(std::string_view name) {
  if (name.empty()) return fail(Code::invalid_argument, "an artifact has an empty name");
  if (name.size() > kArtifactNameBytesMax) {
    return refuse_artifact(name, "has a name of more than 1000 bytes");
  }
  if (!is_utf8(name)) return refuse_artifact(name, "has a name that is not UTF-8");
  if (holds_controls(name)) return refuse_artifact(name, "has a control character in its name");
  if (name.find('\\') != name.npos) return refuse_artifact(name, "has a backslash in its name");
  if (name.front() == '/') return refuse_artifact(name, "has an absolute path as its name");
  std::string_view rest = name;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return refuse_artifact(name, "has a part in its name that is empty, \".\" or \"..\"");
    }
    if (slash == rest.npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

Status check_media_type(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return fail(Code::invalid_argument,
                "media type " + shown_name(text) + " " + std::string(why) + "; e.g. text/csv");
  };
  if (text.size() > kMediaTypeBytesMax) return wrong("has more than 200 bytes");
  const bool printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!printable) return wrong("is not printable ASCII");
  const std::string_view essence = text.substr(0, text.find(';'));
  const std::size_t slash = essence.find('/');
  if (slash == essence.npos) return wrong("has no slash");
  for (const std::string_view part : {essence.substr(0, slash), essence.substr(slash + 1)}) {
    if (part.empty() || !std::ranges::all_of(part, is_token_character)) {
      return wrong("is not type/subtype");
    }
  }
  return {};
}

bool is_sha256_hex(std::string_view text) {
  const auto is_digit_of_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return text.size() == 64 && std::ranges::all_of(text, is_digit_of_hex);
}

Status check_artifacts(std::span<const Artifact> artifacts) {
  if (artifacts.size() > kArtifactsMax) {
    return fail(Code::invalid_argument, "an attempt may leave 10000 artifacts, and this one has " +
                                            std::to_string(artifacts.size()));
  }
  std::vector<const Artifact*> by_name;
  for (const Artifact& artifact : artifacts) {
    if (Status named = check_artifact_name(artifact.name); !named) return named;
    if (Status typed = check_media_type(artifact.media_type); !typed) return typed;
    if (!is_sha256_hex(artifact.sha256)) {
      return refuse_artifact(artifact.name, "has no SHA-256 of 64 lower-case hexadecimal digits");
    }
    if (artifact.size_bytes < 0) return refuse_artifact(artifact.name, "has a size below 0");
    by_name.push_back(&artifact);
  }
  std::ranges::sort(by_name, {}, &Artifact::name);
  const auto twice = std::ranges::adjacent_find(by_name, {}, &Artifact::name);
  if (twice != by_name.end()) return refuse_artifact((*twice)->name, "is there twice");
  for (const Artifact* artifact : by_name) {
    if (directory_of(by_name, artifact->name) != nullptr) {
      return refuse_artifact(artifact->name, "lies below another artifact");
    }
  }
  return {};
}

std::int64_t artifact_bytes_max(std::string_view spec) {
  const auto read = json::parse(spec);
  const auto* object = read ? read->if_object() : nullptr;
  const auto* limits = object != nullptr ? object->if_contains("limits") : nullptr;
  const auto* named = limits != nullptr ? limits->if_object() : nullptr;
  const auto* artifacts = named != nullptr ? named->if_contains("artifacts") : nullptr;
  if (artifacts == nullptr || !artifacts->is_string()) return kArtifactBytesDefault;
  return parse_size(std::string_view(artifacts->get_string())).value_or(kArtifactBytesDefault);
}

Status check_artifact_bytes(std::span<const Artifact> artifacts, std::int64_t bytes_max) {
  std::int64_t left = bytes_max;
  for (const Artifact& artifact : artifacts) {
    if (artifact.size_bytes > left) {
      return fail(Code::out_of_range, "the artifacts have more than " + format_size(bytes_max) +
                                          " together; raise limits.artifacts or leave less");
    }
    left -= artifact.size_bytes;
  }
  return {};
}

std::string_view media_type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"csv", "text/csv"},          {"txt", "text/plain"},        {"log", "text/plain"},
      {"md", "text/markdown"},      {"html", "text/html"},        {"xml", "application/xml"},
      {"json", "application/json"}, {"yaml", "application/yaml"}, {"yml", "application/yaml"},
      {"pdf", "application/pdf"},   {"zip", "application/zip"},   {"gz", "application/gzip"},
      {"tar", "application/x-tar"}, {"zst", "application/zstd"},  {"warc", "application/warc"},
      {"png", "image/png"},         {"jpg", "image/jpeg"},        {"jpeg", "image/jpeg"},
      {"svg", "image/svg+xml"},     {"wasm", "application/wasm"},
  };
  const std::string_view last = name.substr(name.rfind('/') + 1);
  const std::size_t dot = last.rfind('.');
  if (dot == last.npos) return "application/octet-stream";
  const std::string ending = to_lower(last.substr(dot + 1));
  for (const auto& [known, type] : kTypes) {
    if (known == ending) return type;
  }
  return "application/octet-stream";
}

}  // namespace waybill
